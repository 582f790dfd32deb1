//! What is wrong with one field. The subject of each text is the field that the fault points to.

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
            NotAMemberName = "n'est pas un nom de membre admis", "is not a name that a member may have";
            NotAFieldOfTheForm = "n'est pas un champ de ce formulaire", "is not a field of this form";
            TakesNoFields = "n'est pas admis : cette action ne prend aucun champ", "is not known: this action takes no fields";
            NotAColumn { column: String } = "« {column} » n'est pas une colonne de la liste", "{column:?} is not a column of the queue";
        }
        FaultCode::Type => {
            OtherType = "a un autre type JSON", "has another JSON type";
            NotScalar = "n'est ni un scalaire ni une liste de scalaires", "is neither a scalar nor a list of scalars";
            IsNull = "vaut null : à omettre", "is null: leave it out instead";
        }
        FaultCode::Format => {
            ControlCharacters = "contient des caractères de contrôle", "holds control characters";
            NothingVisible = "ne contient rien de visible : à omettre", "holds nothing that can be seen: leave it out instead";
            NotOneLine =
                "doit tenir sur une ligne, sans caractère de contrôle, et refermer ce qui change le sens d'écriture",
                "must be one line, without control characters, and close what turns the direction of writing";
            NotAName =
                "doit tenir sur une ligne, sans caractère de contrôle ni changement du sens d'écriture",
                "must be one line, without control characters or changes of direction";
            NotALine =
                "doit tenir sur une ligne, sans changement du sens d'écriture",
                "must be one line, without changes of direction";
            NotADateTime =
                "n'est pas une date-heure RFC 3339 que XML Schema puisse écrire, comme 2026-03-02T09:30:00+01:00",
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
            NotADeskKey = "n'est pas une clé de guichet", "is not a desk key";
            NotAnOrganizationId = "n'est pas un identifiant d'organisation", "is not an organization id";
            NotAnAccountId = "n'est pas un identifiant de compte", "is not an account id";
            NotACursor = "n'est pas un curseur de cette liste", "is not a cursor of this list";
            NotAStream = "n'est pas le nom d'un flux", "is not the name of a stream";
            NotASiren =
                "n'est pas un SIREN : neuf chiffres, dont le dernier est une clé de contrôle",
                "is no SIREN: nine digits, the last a check digit";
            NotAnAddress { max: usize } =
                "n'est pas une adresse électronique d'au plus {max} caractères",
                "is no mail address of at most {max} characters";
            NotAPhoneNumber { max: usize } =
                "n'est pas un numéro de téléphone d'au plus {max} caractères",
                "is no telephone number of at most {max} characters";
            CharactersNotToldApart =
                "contient des caractères qui se confondent avec d'autres ou ne se voient pas",
                "holds characters that cannot be told from others, or not be seen";
            MarksNotToldApart = "contient des signes diacritiques qui se confondent", "holds marks that cannot be told apart";
            SeveralScripts = "mêle des lettres de plusieurs écritures", "mixes letters of several scripts";
            StandsForSomethingElse = "désigne autre chose", "stands for something else";
            OtherForm = "n'a pas la forme attendue", "does not have the form that is expected";
            OtherFormat { format: String } = "n'est pas au format « {format} »", "is not of the format {format:?}";
            Unreadable = "est illisible", "cannot be read";
            PictureUnreadable =
                "n'est pas une image PNG, JPEG, GIF ou WebP lisible",
                "is no PNG, JPEG, GIF or WebP picture that can be read";
            PictureBytesMax { max: usize } = "est une image de plus de {max} octets", "is a picture of more than {max} bytes";
            PicturePixelsMax { side: u32, whole: u64 } =
                "est une image de plus de {side} pixels de côté, ou de plus de {whole} en tout",
                "is a picture of more than {side} pixels a side, or more than {whole} altogether";
            PictureNotSmall = "est une image qui ne se réduit pas assez", "is a picture that cannot be made small enough";
        }
        FaultCode::Length => {
            CharsMax { max: usize } = "dépasse {max} caractères", "holds at most {max} characters";
            CharsMin { min: usize } = "a moins de {min} caractères", "is shorter than {min} characters";
            BytesMax { max: usize } = "dépasse {max} octets UTF-8", "holds at most {max} bytes of UTF-8";
            EmptyText = "est vide : à omettre", "is empty: leave it out instead";
            EmptyFile = "est vide", "is empty";
            FieldsBytesMax { max: usize } =
                "dépasse, tous champs réunis, {max} octets de JSON",
                "holds at most {max} bytes of JSON, all fields together";
            ItemsMax { max: usize } = "compte plus de {max} valeurs", "holds at most {max} values";
            TicketsMax { max: usize } = "nomme plus de {max} tickets", "names at most {max} tickets";
            ColumnsMax { max: usize } = "nomme plus de {max} colonnes", "names at most {max} columns";
            CategoriesMax { max: usize } = "nomme plus de {max} catégories", "names at most {max} categories";
            TermsMax { max: usize } = "compte plus de {max} mots et expressions", "holds at most {max} words and phrases";
            DaysMax { max: i64 } = "est à plus de {max} jours du premier", "is within {max} days of the first";
            PreferencesMax { max: usize } = "compte plus de {max} préférences", "holds at most {max} preferences";
            PreferencesBytesMax { max: usize } =
                "dépasse {max} octets, toutes préférences réunies",
                "takes at most {max} bytes, all preferences together";
            PreferenceDepthMax { max: usize } =
                "contient une préférence de plus de {max} niveaux",
                "holds a preference of more than {max} levels";
            RolesMax { max: usize } = "porterait le compte au-delà de {max} rôles", "an account holds at most {max} roles";
            MembershipsMax { max: usize } =
                "rendrait le compte membre de plus de {max} organisations",
                "an account is a member of at most {max} organizations";
            KeysMax { max: usize } =
                "porterait le compte au-delà de {max} clés valables",
                "an account has at most {max} keys that hold";
            ContractsMax { max: usize } =
                "porterait l'organisation au-delà de {max} contrats",
                "an organization has at most {max} contracts";
            TreeDepthMax { max: usize } =
                "porterait l'arbre des organisations au-delà de {max} niveaux",
                "the tree of organizations is at most {max} deep";
            SharesMax { max: usize } =
                "partagerait le ticket avec plus de {max} organisations",
                "a ticket is shared with at most {max} organizations";
            PasswordTooShort { min: usize } =
                "est un mot de passe de moins de {min} caractères",
                "the password must have at least {min} characters";
            PasswordTooLong { max: usize } =
                "est un mot de passe de plus de {max} caractères",
                "the password must have at most {max} characters";
        }
        FaultCode::Value => {
            NumberBetween { min: u64, max: u64 } = "n'est pas entre {min} et {max}", "lies between {min} and {max}";
            NumberMax { max: u64 } = "dépasse {max}", "is at most {max}";
            NotOneOf { values: String } = "n'est aucune des valeurs admises : {values}", "is not one of: {values}";
            NotTheValue { value: String } = "n'est pas {value}", "is not {value}";
            NotADesk { desks: String } = "n'est aucun des guichets : {desks}", "is not one of the desks: {desks}";
            NotATypeOfTheDesk { types: String } =
                "n'est aucun des types de demande du guichet : {types}",
                "is not one of the desk's types: {types}";
            NotAnActionOfTheDesk = "n'est pas une action de ce guichet", "is not an action of this desk";
            OutsideTheForm = "ne suit pas le formulaire", "does not follow the form";
            NamesNoOrganization = "ne désigne aucune organisation", "names no organization";
            UnknownOrganization { organization: String } =
                "{organization} ne désigne aucune organisation",
                "{organization} names no organization";
            NamesNoAccount = "ne désigne aucun compte", "names no account";
            NamesNoAccountToRead =
                "ne désigne aucun compte dont vous puissiez lire le profil",
                "names no account whose profile you may read";
            NamesNoDesk = "ne désigne aucun guichet", "names no desk";
            NamesNoCategory { category: String } =
                "nomme « {category} », qui n'est ni un guichet ni un type de demande",
                "{category:?} names no desk and no request type of one";
            NamesTwice { name: String } = "nomme « {name} » deux fois", "names {name:?} twice";
            GivenTwice = "est donné plusieurs fois", "is given more than once";
            Taken = "est déjà pris", "is taken";
            SirenOfAnother = "est celui d'une autre organisation", "is that of another organization";
            NotATimeZone = "n'est pas un fuseau horaire de la base IANA", "is no time zone of the IANA database";
            NotAProfileField = "n'est pas un champ de profil", "is not a field of a profile";
            NotARole = "n'est pas un rôle", "is not a role";
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
            BeforeTheFirstDay = "précède le premier jour", "is before the first day";
            BeforeValidFrom = "précède valid_from", "is before valid_from";
            BeyondTheHead { head: u64 } =
                "dépasse l'événement le plus récent, qui est en {head}",
                "lies beyond the newest event, which is at {head}";
            KeyExpiry { days: i64 } = "n'est pas dans les {days} jours qui viennent", "lies within the next {days} days";
            PartOfItself = "est cette organisation ou l'une de ses parties", "is this organization, or a part of it";
            OperatorWithoutSiren =
                "doit être une seule organisation, qui a un SIREN : c'est le programme d'un opérateur",
                "must be one organization with a SIREN: an operator's program reports under it";
            LinkOver =
                "n'est pas celui d'un lien valable : il a servi, a expiré ou n'a jamais existé",
                "is not of a link that holds: it has served, has expired, or never was one";
            SamePassword = "est le mot de passe actuel", "is the password that it was";
            OtherConfirmation = "diffère de new_password", "is not the same as new_password";
            WrongPassword = "n'est pas le mot de passe de ce compte", "is not the password of this account";
            WrongCode = "n'est pas le code du moment, ou a déjà servi", "is not the code of this moment, or has served";
            PasswordCommon = "est un des mots de passe les plus courants", "the password is one of the most common ones";
            PasswordWeak =
                "est trop facile à deviner ; quelques mots sans rapport entre eux résistent mieux",
                "the password is too easy to guess; a few words that have nothing to do with each other are harder";
            PasswordHoldsName =
                "contient le nom du compte ou de son titulaire",
                "the password must not contain the name of the account or of its owner";
        }
        FaultCode::Forbidden => {
            FixedAtCreation = "ne change plus après la création", "is fixed at creation";
            ByAdministratorsOnly = "n'est modifié que par un administrateur", "is changed by administrators only";
            ByGlobalAdministratorsOnly =
                "n'est fixé que par un administrateur de l'ensemble",
                "is set by administrators of everything only";
            ProgramsByGlobalAdministratorsOnly =
                "n'est admis que d'un administrateur de l'ensemble : c'est le compte d'un programme",
                "only an administrator of everything makes accounts of programs";
            KeysForProgramsOnly =
                "n'est pas admis : les clés d'API sont pour les comptes de programmes",
                "API keys are for accounts of programs";
            OperatorInOneOrganization =
                "n'est pas admis : le programme d'un opérateur appartient à une seule organisation",
                "an operator's program is a member of one organization";
            RoleNotYours { role: String } =
                "n'est pas à vous d'attribuer : le rôle {role}",
                "the role {role} is not yours to grant there";
            NotYoursToAdminister { organization: String } =
                "{organization} n'est pas une organisation que vous administrez",
                "{organization} is not yours to administer";
            NotYourSiren = "n'est pas le SIREN de votre organisation", "is not the SIREN of your organization";
            NotYourOrganization { organization: String } =
                "{organization} n'est pas une de vos organisations",
                "{organization} is not one of your organizations";
            RequesterNotAMember =
                "n'est pas une organisation du demandeur",
                "the requester is not a member of this organization";
            TreatsNoTicketsThere =
                "est une organisation dont vous ne traitez pas les tickets",
                "you do not treat tickets of this organization";
            NotAnAgentHere =
                "désigne quelqu'un qui ne traite pas ce ticket",
                "names somebody who does not treat this ticket";
            ScopesBeyondYourKey = "ouvre plus que la clé qui l'émet", "opens more than the key that issues it";
            NoPasswordHere { minutes: i64 } =
                "n'existe pas pour ce compte : reconnectez-vous chez votre fournisseur, puis demandez dans les {minutes} minutes",
                "this account has none here: sign in anew at your provider, then ask within {minutes} minutes";
            TooManyTries =
                "ne peut être vérifié maintenant : trop d'essais ont échoué",
                "cannot be checked now: too many tries have failed";
        }
    }
}
