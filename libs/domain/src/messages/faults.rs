//! What is wrong with one field. Each text says what is wrong, or what must be; its subject is the field that the fault points to.

use super::texts;
use crate::fault::FaultCode;

texts! {
    /// What is wrong with one field.
    FaultText: FaultCode {
        FaultCode::Required => {
            NotFilledIn = "est obligatoire et n'est pas renseigné", "is mandatory and is not filled in";
            Missing = "manque", "is missing";
            RequiredUnderContract =
                "est obligatoire : une organisation du demandeur est sous contrat",
                "is required: one of the requester's organizations is under contract";
        }
        FaultCode::Unknown => {
            NotKnownHere = "n'est pas connu ici", "is not known here";
            NotAParameter = "n'est pas un paramètre de cette opération", "is not a parameter of this operation";
            NotAMemberName = "n'est pas un nom de propriété JSON admis", "is not a name that a JSON member may have";
            NotAFieldOfTheForm = "n'est pas un champ de ce formulaire", "is not a field of this form";
            TakesNoFields = "n'est pas admis : cette action ne prend aucun champ", "is not taken: this action takes no fields";
            NotAColumn { column: String } =
                "nomme « {column} », qui n'est pas une colonne de la liste",
                "names “{column}”, which is not a column of the queue";
        }
        FaultCode::Type => {
            OtherType = "n'a pas le type JSON attendu", "does not have the expected JSON type";
            NotScalar = "n'est ni un scalaire ni une liste de scalaires", "is neither a scalar nor a list of scalars";
            IsNull = "vaut null : ne l'envoyez pas", "is null: leave it out instead";
        }
        FaultCode::Format => {
            ControlCharacters = "contient des caractères de contrôle", "holds control characters";
            NothingVisible = "ne contient rien de visible : ne l'envoyez pas", "holds nothing that can be seen: leave it out instead";
            NotOneLine =
                "doit tenir sur une ligne, sans caractère de contrôle, et terminer tout changement du sens d'écriture",
                "must be one line, without control characters, and end each change of direction that it begins";
            NotAName =
                "doit tenir sur une ligne, sans caractère de contrôle ni changement du sens d'écriture",
                "must be one line, without control characters or changes of direction";
            NotAValueId { max: usize } =
                "n'est pas un identifiant de valeur : une ligne de {max} octets au plus",
                "is not the id of a value: one line of {max} bytes at most";
            NotALine =
                "doit tenir sur une ligne, sans changement du sens d'écriture",
                "must be one line, without changes of direction";
            NotADateTime =
                "n'est pas une date-heure RFC 3339 admise, comme 2026-03-02T09:30:00+01:00",
                "is no date-time of RFC 3339 that XML Schema can write too, such as 2026-03-02T09:30:00+01:00";
            NotADate = "n'est pas une date RFC 3339, comme 2026-03-02", "is no date of RFC 3339, such as 2026-03-02";
            NotAnInstant =
                "n'est pas une date-heure RFC 3339 avec son fuseau",
                "is no RFC 3339 time with its zone";
            NotADay = "n'est pas un jour, comme 2026-03-01", "is not a day, such as 2026-03-01";
            NotAPositionOrInstant =
                "n'est ni une position ni une date-heure RFC 3339 avec son fuseau",
                "is neither a position nor an RFC 3339 time with its zone";
            NotAWholeNumber = "n'est pas un nombre entier", "is not a whole number";
            NotAPosition = "n'est pas une position", "is not a position";
            NotASize = "n'est pas une taille de journal", "is not a size of the log";
            NotTrueOrFalse = "n'est ni true ni false", "is not true or false";
            NotAStatus = "n'est pas l'identifiant d'un état", "is not the id of a status";
            NotADeskKey = "n'est pas une clé de guichet", "is not a desk key";
            NotAnOrganizationId = "n'est pas un identifiant d'organisation", "is not an organization id";
            NotAnAccountId = "n'est pas un identifiant de compte", "is not an account id";
            NotACursor = "n'est pas un curseur de cette liste", "is not a cursor of this list";
            NotAStream = "n'est pas le nom d'un flux", "is not the name of a stream";
            NotASiren =
                "n'est pas un SIREN : neuf chiffres, dont le dernier est une clé de contrôle",
                "is no SIREN: nine digits, the last a check digit";
            NotAnAddress { max: usize } =
                "n'est pas une adresse électronique valide ({max} caractères au plus)",
                "is not a valid mail address ({max} characters at most)";
            NotAPhoneNumber { max: usize } =
                "n'est pas un numéro de téléphone valide ({max} caractères au plus)",
                "is not a valid telephone number ({max} characters at most)";
            CharactersNotToldApart =
                "contient des caractères qui se confondent avec d'autres ou ne se voient pas",
                "holds characters that cannot be told from others, or cannot be seen";
            MarksNotToldApart = "contient des signes diacritiques impossibles à distinguer", "holds marks that cannot be told apart";
            SeveralScripts = "mêle des lettres de plusieurs écritures", "mixes letters of several scripts";
            StandsForSomethingElse =
                "est réservé : « me », ou la forme d'un identifiant de compte",
                "is reserved: \"me\", or the form of an account id";
            OtherForm = "n'a pas la forme attendue", "does not have the form that is expected";
            OtherFormThan { fr: String, en: String } = "n'a pas la forme attendue : {fr}", "does not have the form that is expected: {en}";
            Unreadable = "est illisible", "cannot be read";
            PictureUnreadable =
                "n'est pas une image PNG, JPEG, GIF ou WebP lisible",
                "is no PNG, JPEG, GIF or WebP picture that can be read";
            PictureBytesMax { max: usize } = "est une image de plus de {max} octets", "is a picture of more than {max} bytes";
            PicturePixelsMax { side: u32, whole: u64 } =
                "est une image de plus de {side} pixels de côté, ou de plus de {whole} en tout",
                "is a picture of more than {side} pixels a side, or more than {whole} altogether";
            PictureNotSmall = "est une image qu'on ne peut réduire assez", "is a picture that cannot be made small enough";
        }
        FaultCode::Length => {
            CharsMax { max: usize } = "dépasse {max} caractères", "is longer than {max} characters";
            CharsMin { min: usize } = "a moins de {min} caractères", "is shorter than {min} characters";
            BytesMax { max: usize } = "dépasse {max} octets UTF-8", "is longer than {max} bytes of UTF-8";
            EmptyText = "est vide : ne l'envoyez pas", "is empty: leave it out instead";
            EmptyFile = "est vide", "is empty";
            FieldsBytesMax { max: usize } =
                "dépasse, tous champs réunis, {max} octets de JSON",
                "is more than {max} bytes of JSON, all fields together";
            ItemsMax { max: usize } = "compte plus de {max} valeurs", "holds more than {max} values";
            TicketsMax { max: usize } = "nomme plus de {max} tickets", "names more than {max} tickets";
            ColumnsMax { max: usize } = "nomme plus de {max} colonnes", "names more than {max} columns";
            CategoriesMax { max: usize } = "nomme plus de {max} catégories", "names more than {max} categories";
            TermsMax { max: usize } = "compte plus de {max} mots et expressions", "holds more than {max} words and phrases";
            DaysMax { max: i64 } = "rend la période plus longue que {max} jours", "makes the period longer than {max} days";
            NumberBetween { min: u64, max: u64 } = "doit être compris entre {min} et {max}", "must lie between {min} and {max}";
            NumberMax { max: u64 } = "dépasse {max}", "is more than {max}";
            PreferencesMax { max: usize } = "compte plus de {max} préférences", "holds more than {max} preferences";
            PreferencesBytesMax { max: usize } =
                "dépasse {max} octets, toutes préférences réunies",
                "takes more than {max} bytes, all preferences together";
            PreferenceDepthMax { max: usize } =
                "contient une préférence de plus de {max} niveaux",
                "holds a preference of more than {max} levels";
            RolesMax { max: usize } = "porterait le compte au-delà de {max} rôles", "would give the account more than {max} roles";
            MembershipsMax { max: usize } =
                "rendrait le compte membre de plus de {max} organisations",
                "would make the account a member of more than {max} organizations";
            KeysMax { max: usize } =
                "porterait le compte au-delà de {max} clés valables",
                "would give the account more than {max} valid keys";
            ContractsMax { max: usize } =
                "porterait l'organisation au-delà de {max} contrats",
                "would give the organization more than {max} contracts";
            TreeDepthMax { max: usize } =
                "porterait l'arbre des organisations au-delà de {max} niveaux",
                "would make the tree of organizations deeper than {max} levels";
            ListValuesMax { max: usize } =
                "porterait la liste au-delà de {max} valeurs",
                "would give the list more than {max} values";
            ValueDepthMax { max: usize } =
                "porterait une valeur à plus de {max} niveaux, ou sous elle-même",
                "would put a value more than {max} levels deep, or below itself";
            SharesMax { max: usize } =
                "partagerait le ticket avec plus de {max} organisations",
                "would share the ticket with more than {max} organizations";
            PasswordTooShort { min: usize } =
                "est un mot de passe de moins de {min} caractères",
                "is a password of fewer than {min} characters";
            PasswordTooLong { max: usize } =
                "est un mot de passe de plus de {max} caractères",
                "is a password of more than {max} characters";
        }
        FaultCode::Value => {
            NotOneOf { values: String } = "n'est pas l'une des valeurs admises : {values}", "is not one of: {values}";
            NotTheValue { value: String } = "n'est pas {value}", "is not {value}";
            NotADesk { desks: String } = "n'est pas l'un des guichets : {desks}", "is not one of the desks: {desks}";
            NotInTheList { list: String } =
                "n'est pas une valeur en vigueur de la liste {list}",
                "is no current value of the list {list}";
            ListStandsInTheDesk =
                "nomme une liste inscrite dans la définition du guichet, qui change avec elle",
                "names a list that stands in the desk's definition, and changes with it";
            NotAValueOfTheList = "n'est pas une valeur de cette liste", "is not a value of this list";
            NotATypeOfTheDesk { types: String } =
                "n'est pas l'un des types de demande du guichet : {types}",
                "is not one of the desk's types: {types}";
            NotAnActionOfTheDesk = "n'est pas une action de ce guichet", "is not an action of this desk";
            OutsideTheForm = "ne respecte pas le formulaire", "does not follow the form";
            NamesNoOrganization = "ne désigne aucune organisation", "names no organization";
            UnknownOrganization { organization: String } =
                "nomme {organization}, qui n'est pas une organisation",
                "names {organization}, which is no organization";
            NamesNoAccount = "ne désigne aucun compte", "names no account";
            NamesNoAccountToRead =
                "ne désigne aucun compte dont vous puissiez lire le profil",
                "names no account whose profile you may read";
            NamesNoDesk = "ne désigne aucun guichet", "names no desk";
            NamesNoCategory { category: String } =
                "nomme « {category} », qui n'est ni un guichet ni un type de demande",
                "names “{category}”, which is no desk and no request type";
            NamesTwice { name: String } = "nomme « {name} » deux fois", "names “{name}” twice";
            NotToBeLinked =
                "n'est pas une adresse que l'on peut signer : le fichier d'une pièce jointe, l'image d'un compte, l'historique d'un ticket ou /v1/events",
                "is not an address that can be signed: the file of an attachment, a picture of an account, the history of a ticket, or /v1/events";
            LinkBesideToken =
                "est un lien signé : il se passe de l'en-tête Authorization",
                "is a signed link: it is sent without the header Authorization";
            NotWhenLive = "n'est pas admis d'un flux en direct", "is not taken of a live stream";
            BeyondTheVersion { version: u64 } =
                "dépasse la version actuelle du ticket, {version}",
                "lies beyond the version of the ticket, {version}";
            GivenTwice = "est donné plusieurs fois", "is given more than once";
            Taken = "est déjà pris", "is taken";
            SirenOfAnother = "est celui d'une autre organisation", "is that of another organization";
            NotATimeZone = "n'est pas un fuseau horaire de la base IANA", "is no time zone of the IANA database";
            NotASort = "n'est ni version ni -version", "is neither version nor -version";
            OfficeAddress =
                "désigne un service et non une personne : un compte a un seul titulaire",
                "names an office and not a person: an account has one holder";
            CursorOfAnotherQuery =
                "n'est pas un curseur de ces filtres et de ce tri",
                "is not a cursor of these filters and this order";
            CursorOfTheOtherOrder =
                "est un curseur de l'autre ordre : une liste se parcourt dans l'ordre où elle est commencée",
                "is a cursor of the other order: a list is gone through in the order that it was begun in";
            NothingToSearch =
                "ne contient ni lettre ni chiffre à chercher",
                "holds no letter and no digit to search for";
            BeforeTheFirstDay = "précède le premier jour de la période", "is before the first day of the period";
            BeforeValidFrom = "précède valid_from", "is before valid_from";
            OnlyWithoutCursor =
                "ne se combine ni avec un curseur ni avec l'ordre décroissant",
                "does not go with a cursor or with the newest first";
            BeyondTheHead { head: u64 } =
                "dépasse l'événement le plus récent, qui est en {head}",
                "lies beyond the newest event, which is at {head}";
            KeyExpiry { days: i64 } = "doit être dans les {days} jours qui viennent", "must lie within the next {days} days";
            PartOfItself = "est cette organisation ou l'une de ses parties", "is this organization, or a part of it";
            OperatorWithoutSiren =
                "doit être une seule organisation, qui a un SIREN : c'est le programme d'un opérateur",
                "must be one organization, with a SIREN: an operator's program reports under it";
            LinkOver =
                "n'est pas celui d'un lien valable : il a servi, a expiré ou n'a jamais existé",
                "is not of a valid link: it has been used, has expired, or never was one";
            SamePassword = "est le mot de passe actuel", "is the current password";
            OtherConfirmation = "diffère de new_password", "is not the same as new_password";
            WrongPassword = "n'est pas le mot de passe de ce compte", "is not the password of this account";
            WrongCode = "n'est pas le code du moment, ou a déjà servi", "is not the code of this moment, or has been used";
            PasswordCommon = "est un des mots de passe les plus courants", "is one of the most common passwords";
            PasswordWeak =
                "est trop facile à deviner ; quelques mots sans rapport entre eux résistent mieux",
                "is too easy to guess; a few words that have nothing to do with each other are harder";
            PasswordHoldsName = "contient le nom du compte ou de son titulaire", "holds the name of the account or of its holder";
        }
        FaultCode::Forbidden => {
            FixedAtCreation = "ne change plus après la création", "is fixed at creation";
            ByAdministratorsOnly = "ne peut être modifié que par un administrateur", "can be changed by administrators only";
            ByGlobalAdministratorsOnly = "ne peut être fixé que par un administrateur général", "can be set by global administrators only";
            ProgramsByGlobalAdministratorsOnly =
                "n'est permis qu'à un administrateur général : c'est le compte d'un programme",
                "is for global administrators only: it is the account of a program";
            KeysForProgramsOnly =
                "n'est pas admis : les clés d'API sont pour les comptes de programmes",
                "is not taken: API keys are for accounts of programs";
            OperatorInOneOrganization =
                "n'est pas admis : le programme d'un opérateur appartient à une seule organisation",
                "is not taken: an operator's program is a member of one organization";
            RoleNotYours { role: String } =
                "nomme le rôle {role}, que vous ne pouvez pas attribuer ici",
                "names the role {role}, which you may not grant there";
            NotYoursToAdminister { organization: String } =
                "nomme {organization}, que vous n'administrez pas",
                "names {organization}, which is not yours to administer";
            NotYourSiren = "n'est pas le SIREN de votre organisation", "is not the SIREN of your organization";
            NotYourOrganization { organization: String } =
                "nomme {organization}, qui n'est pas une de vos organisations",
                "names {organization}, which is not one of your organizations";
            RequesterNotAMember = "n'est pas une organisation du demandeur", "is not an organization of the requester";
            TreatsNoTicketsThere =
                "est une organisation dont vous ne traitez pas les tickets",
                "is an organization whose tickets you do not treat";
            NotAnAgentHere =
                "désigne quelqu'un qui ne traite pas ce ticket",
                "names somebody who does not treat this ticket";
            ScopesBeyondYourKey = "ouvre plus que la clé avec laquelle vous appelez", "opens more than the key that you call with";
            NoPasswordHere { minutes: i64 } =
                "n'existe pas pour ce compte : reconnectez-vous auprès de votre fournisseur d'identité, puis recommencez dans les {minutes} minutes",
                "does not exist for this account: sign in again at your identity provider, then ask within {minutes} minutes";
            TooManyTries =
                "ne peut être vérifié maintenant : trop d'essais ont échoué",
                "cannot be checked now: too many tries have failed";
        }
    }
}
