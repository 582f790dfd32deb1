//! Why a request is refused, one sentence for each case. The groups are the codes of problems (`docs/errors.md`).

use super::texts;

texts! {
    /// Why a request is refused.
    Detail: &'static str {
        "malformed-request" => {
            QueryUnreadable = "La chaîne de requête est illisible.", "The query string cannot be read.";
            BodyNotJson { line: usize, column: usize } =
                "Le corps ne peut être lu comme du JSON : ligne {line}, colonne {column}.",
                "The body cannot be read as JSON: line {line}, column {column}.";
            BodyLate { seconds: u64 } =
                "Le corps n'est pas arrivé en entier en {seconds} s.",
                "The body did not arrive whole within {seconds} s.";
            NothingArrived { seconds: u64 } = "Rien n'est arrivé pendant {seconds} s.", "Nothing arrived for {seconds} s.";
            UploadBroken = "Le fichier n'est pas arrivé en entier.", "The upload did not arrive whole.";
            FormUnreadable = "Le formulaire multipart est illisible.", "The multipart form cannot be read.";
            PartWithoutName = "Une partie du formulaire n'a pas de nom.", "A part of the form has no name.";
            HeaderTwice { name: String } = "L'en-tête {name} est donné plusieurs fois.", "The header {name} is given more than once.";
            HeaderUnreadable { name: String } = "L'en-tête {name} n'est pas un texte lisible.", "The header {name} is not readable text.";
            HeaderNotAnInstant { name: String } =
                "L'en-tête {name} n'est pas une date-heure RFC 3339.",
                "The header {name} is no RFC 3339 time.";
            HeaderNotAnAddress { name: String } = "L'en-tête {name} n'est pas une adresse IP.", "The header {name} is no IP address.";
            IdempotencyKeyLength { max: usize } =
                "Idempotency-Key doit compter de 1 à {max} caractères.",
                "Idempotency-Key must hold 1 to {max} characters.";
            IfNoneMatchOnChange =
                "If-None-Match est fait pour les lectures ; une modification repose sur la version donnée par If-Match.",
                "If-None-Match belongs to a question; a change rests on the version in If-Match.";
            IfMatchUnreadable =
                "If-Match doit contenir des étiquettes entre guillemets, comme \"3\", séparées par des virgules, ou *.",
                "If-Match must hold tags in quotes, such as \"3\", with commas between them, or *.";
            NotMeantAsCookie =
                "L'en-tête « Guichet-Refresh: cookie » est exigé ici.",
                "The header \"Guichet-Refresh: cookie\" is required here.";
            LastEventIdUnreadable =
                "Last-Event-ID n'est pas l'identifiant d'un message de ce flux.",
                "Last-Event-ID is not the id of a message of this stream.";
        }
        "profile-not-held" => {
            ProfileNotHeld =
                "Le profil nommé par l'en-tête Guichet-Profile n'est pas un des vôtres.",
                "The profile of Guichet-Profile is not one of yours.";
            OrganizationNotHeld =
                "L'organisation nommée par l'en-tête Guichet-Organization n'est pas une des vôtres.",
                "The organization of Guichet-Organization is not one of yours.";
        }
        "scope-missing" => {
            ScopeNeeded { scope: String } = "La portée « {scope} » est nécessaire.", "The scope {scope:?} is needed.";
            NoKeyOpensThis = "Aucune clé d'API n'ouvre cette opération.", "No API key opens this operation.";
        }
        "not-permitted" => {
            MayNotGrantThere = "Vous ne pouvez pas attribuer ce rôle ici.", "You may not grant this role there.";
            MayNotRevokeThere = "Vous ne pouvez pas retirer ce rôle ici.", "You may not take this role back there.";
            MayNotMakeMembers =
                "Vous ne pouvez pas ajouter de membres à cette organisation.",
                "You may not add members to this organization.";
            MayNotEndMembership = "Vous ne pouvez pas mettre fin à cette appartenance.", "You may not end this membership.";
            MayNotMakeAccounts = "Vous ne pouvez pas créer de comptes.", "You may not make accounts.";
            MayNotReadAccount = "Vous ne pouvez pas lire ce compte.", "You may not read this account.";
            MayNotEditProfile = "Vous ne pouvez pas modifier ce profil.", "You may not change this profile.";
            HolderOnly = "Seul le titulaire de ce compte le peut.", "Only the holder of this account may do this.";
            MayNotAdministerAccount = "Vous ne pouvez pas administrer ce compte.", "You may not administer this account.";
            MayNotChangeMemberships =
                "Vous ne pouvez pas modifier les appartenances de ce compte.",
                "You may not change the memberships of this account.";
            MayNotGrantRoles = "Vous ne pouvez pas gérer les rôles de ce compte.", "You may not manage the roles of this account.";
            MayNotIssueKeys = "Vous ne pouvez pas gérer les clés de ce compte.", "You may not manage the keys of this account.";
            MayNotReadOrganization = "Vous ne pouvez pas lire cette organisation.", "You may not read this organization.";
            MayNotReadMembers =
                "Vous ne pouvez pas lire les membres de cette organisation.",
                "You may not read the members of this organization.";
            MayNotNameReferent =
                "Vous ne pouvez pas nommer le référent de cette organisation.",
                "You may not name the referent of this organization.";
            MayNotAdministerOrganization = "Vous ne pouvez pas administrer cette organisation.", "You may not administer this organization.";
            MayNotChangeLists = "Vous ne pouvez pas modifier les listes de ce guichet.", "You may not change the lists of this desk.";
            MayNotMakeOrganizations = "Vous ne pouvez pas créer d'organisation à cet endroit.", "You may not make organizations there.";
            MayNotSetSiren = "Vous ne pouvez pas définir de SIREN.", "You may not set a SIREN.";
            MayNotMoveOrganization =
                "Vous ne pouvez pas déplacer une organisation à cet endroit.",
                "You may not move an organization there.";
            MayNotOpenHere = "Vous ne pouvez pas ouvrir de ticket à ce guichet.", "You may not open a ticket on this desk.";
            MayNotOpenForOthers = "Vous ne pouvez pas ouvrir un ticket pour quelqu'un d'autre.", "You may not open a ticket for somebody else.";
            MayNotActFor = "Vous ne pouvez pas agir pour cette personne sur ce ticket.", "You may not act for this person on this ticket.";
            TicketsOnlyForOthers =
                "On n'agit pour quelqu'un d'autre que sur un ticket.",
                "Only on a ticket may you act for somebody else.";
            MayNotComment = "Vous ne pouvez pas écrire un tel commentaire sur ce ticket.", "You may not write such a comment on this ticket.";
            MayNotAttach = "Vous ne pouvez pas joindre de fichier à ce ticket.", "You may not attach a file to this ticket.";
            MayNotAssign = "Vous ne pouvez pas affecter ce ticket.", "You may not assign this ticket.";
            MayNotShare = "Vous ne pouvez pas partager ce ticket.", "You may not share this ticket.";
            MayNotChangeShares =
                "Vous ne pouvez pas changer avec qui ce ticket est partagé.",
                "You may not change whom this ticket is shared with.";
            MayNotFollowAction = "Vous ne pouvez pas effectuer cette action.", "You may not take this action.";
            MayNotDecide = "Vous ne pouvez pas vous prononcer sur une approbation.", "You may not decide on an approval.";
            MayNotReopen = "Vous ne pouvez pas rouvrir ce ticket.", "You may not reopen this ticket.";
            MayNotAskApproval = "Vous ne pouvez pas demander d'approbation.", "You may not ask for approval.";
            MayNotEdit = "Vous ne pouvez pas modifier ces éléments du ticket.", "You may not change these parts of the ticket.";
        }
        "not-found" => {
            NoSuchApproval = "Le ticket n'a pas cette approbation.", "The ticket has no such approval.";
            NotShared = "Le ticket n'est pas partagé avec cette organisation.", "The ticket is not shared with this organization.";
            NotDisabled = "Le compte n'est pas désactivé.", "The account is not disabled.";
            NotLocked = "Le compte n'est pas verrouillé.", "The account is not locked.";
            NoSecondFactor = "Le compte n'a pas de second facteur.", "The account has no second factor.";
            NoSuchKey = "Le compte n'a pas cette clé.", "The account has no such key.";
            RoleNotHeld = "Le compte ne porte pas ce rôle.", "The account does not hold this role.";
            NotAMember = "Le compte n'est pas membre de cette organisation.", "The account is no member of this organization.";
            NoPicture = "Le compte n'a pas d'image.", "The account has no picture.";
            NoSuchContract = "L'organisation n'a pas ce contrat.", "The organization has no such contract.";
        }
        "ticket-wrong-status" => {
            ActionNotAllowed { status: String } =
                "Cette action ne vous est pas permise dans l'état « {status} ».",
                "This action is not allowed to you in the status {status:?}.";
        }
        "ticket-full" => {
            EventsMax { max: u64 } = "Le ticket a déjà {max} événements, le maximum.", "The ticket already has {max} events, the most it may have.";
            AttachmentsMax { max: usize } =
                "Le ticket a déjà {max} pièces jointes, le maximum.",
                "The ticket already has {max} attachments, the most it may have.";
            ApprovalsMax { max: usize } =
                "Le ticket a déjà {max} approbations, le maximum.",
                "The ticket already has {max} approvals, the most it may have.";
        }
        "contract-not-valid" => {
            ContractBegins { reference: String, organization: String, on: String } =
                "Le contrat {reference} de {organization} commence le {on}.",
                "The contract {reference} of {organization} begins on {on}.";
            ContractEnded { reference: String, organization: String, on: String } =
                "Le contrat {reference} de {organization} a pris fin le {on}.",
                "The contract {reference} of {organization} ended on {on}.";
        }
        "contract-not-covered" => {
            ContractCoversNot { reference: String, organization: String, category: String } =
                "Le contrat {reference} de {organization} ne couvre pas {category}.",
                "The contract {reference} of {organization} does not cover {category}.";
        }
        "stale-version" => {
            VersionIs { version: u64 } =
                "La version actuelle est {version}, que If-Match ne nomme pas.",
                "The version is {version}, which If-Match does not name.";
            TagIs { tag: String } = "L'étiquette est {tag}, que If-Match ne nomme pas.", "Its tag is {tag}, which If-Match does not name.";
        }
        "too-large" => {
            BodyMax { bytes: usize } = "Le corps dépasse {bytes} octets.", "The body is larger than {bytes} bytes.";
            UploadMax { bytes: usize } = "L'envoi dépasse {bytes} octets.", "The upload is larger than {bytes} bytes.";
            FileMax { bytes: u64 } = "Le fichier dépasse {bytes} octets.", "The file is larger than {bytes} bytes.";
            BesideFileMax { bytes: usize } =
                "Le formulaire dépasse {bytes} octets en plus de son fichier.",
                "The form holds more than {bytes} bytes beside its file.";
            DayBytesMax { bytes: u64 } =
                "Cet envoi dépasse à lui seul les {bytes} octets qu'un compte peut envoyer par jour.",
                "This alone is more than the {bytes} bytes that an account may send a day.";
            CommandEventsMax { max: usize } =
                "Cette opération écrirait plus de {max} événements.",
                "This would write more than {max} events.";
            CommandBytesMax { bytes: usize } =
                "Cette opération écrirait plus de {bytes} octets.",
                "This would write more than {bytes} bytes.";
            EventBytesMax { bytes: usize } =
                "Un événement de cette opération dépasserait {bytes} octets.",
                "An event of this would be larger than {bytes} bytes.";
        }
        "too-much-written" => {
            WritesPerMinute { writes: u32 } =
                "Ce compte a atteint la limite de {writes} modifications par minute.",
                "This account has reached its limit of {writes} changes a minute.";
            BytesPerDay { bytes: u64 } =
                "Ce compte a atteint la limite de {bytes} octets envoyés par jour.",
                "This account has reached its limit of {bytes} bytes sent a day.";
        }
        "too-many-streams" => {
            StreamsMax { max: usize } =
                "Ce compte a déjà {max} flux en direct ouverts, le maximum.",
                "This account already has {max} live streams open, the most it may have.";
        }
        "wrong-media-type" => {
            JsonExpected = "Le corps doit être envoyé en application/json.", "The body must be sent as application/json.";
            MultipartExpected =
                "Un fichier doit être envoyé en multipart/form-data, avec sa frontière (boundary).",
                "A file must be sent as multipart/form-data with its boundary.";
            ContentCoded =
                "Le corps doit être envoyé tel quel : aucun Content-Encoding n'est admis.",
                "The body must be sent as it is: no Content-Encoding is taken.";
        }
        "invalid" => {
            FaultsListed { count: usize } = "Erreurs : {count}, détaillées dans « errors ».", "Faults: {count}, listed in errors.";
            FaultsCut { max: usize } =
                "Plus de {max} erreurs ; les {max} premières figurent dans « errors ».",
                "More than {max} faults; the first {max} are listed in errors.";
        }
        "clock" => {
            ClockLeapt { seconds: i64 } = "L'horloge a sauté de {seconds} s.", "The clock has leapt by {seconds} s.";
            ClockBehind { seconds: i64 } =
                "L'horloge retarde de {seconds} s sur le dernier événement du journal.",
                "The clock is {seconds} s behind the last event of the log.";
        }
    }
}
