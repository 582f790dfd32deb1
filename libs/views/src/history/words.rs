//! The sentences, in French and in English. A sentence names who acted and what was done; long texts stand in the
//! changes beside it.

use domain::{
    AccountId, Language, OrganizationId, StatusId,
    desk::{Desk, Meaning},
    ticket::{
        TicketEvent, Visibility,
        event::{CommentBody, Transitioned, Verdict},
    },
};
use serde_json::Value;

use super::{Change, Happened, Seen, Teller};

/// The words that a desk adds by itself when an action is followed (seed 002 §8.5.3).
pub(super) fn automatic(desk: &Desk, action: &str, language: Language) -> Option<String> {
    let mut transitions = desk
        .definition()
        .transitions
        .iter()
        .filter(|transition| transition.id == action);
    let label = transitions.find_map(|transition| transition.automatic_comment.as_ref())?;
    Some(label.text(language).to_owned())
}

impl Teller<'_> {
    /// One sentence for one event.
    pub(super) fn sentence(&self, before: &Seen, happened: &Happened, changes: &[Change]) -> String {
        let mut sentence = format!(
            "{} {}",
            self.actor(happened),
            self.done(before, happened, changes)
        );
        if let Some(status) = changes.iter().find(|change| change.field == "status")
            && before.is_opened()
        {
            sentence.push_str(&self.became(status));
        }
        sentence
    }

    fn say<'t>(&self, fr: &'t str, en: &'t str) -> &'t str {
        match self.language {
            Language::Fr => fr,
            Language::En => en,
        }
    }

    fn quoted(&self, text: &str) -> String {
        match self.language {
            Language::Fr => format!("« {text} »"),
            Language::En => format!("“{text}”"),
        }
    }

    fn name(&self, account: AccountId) -> String {
        let unknown = if account == AccountId::SYSTEM {
            self.say("le système", "the system")
        } else {
            self.say("personne effacée", "erased person")
        };
        self.names.name(account).unwrap_or_else(|| unknown.to_owned())
    }

    /// A name stays as its person writes it, also at the beginning of a sentence.
    fn name_first(&self, account: AccountId) -> String {
        self.names
            .name(account)
            .unwrap_or_else(|| capitalized(&self.name(account)))
    }

    /// Who acted, and for whom when that is somebody else (complaint C17: on-behalf must not hide who acted).
    fn actor(&self, happened: &Happened) -> String {
        let by = happened.stamp.by;
        let mut actor = self.name_first(by);
        if let Some(other) = happened.stamp.on_behalf_of.filter(|other| *other != by) {
            actor.push_str(self.say(" (pour ", " (on behalf of "));
            actor.push_str(&self.name(other));
            actor.push(')');
        }
        actor
    }

    fn done(&self, before: &Seen, happened: &Happened, changes: &[Change]) -> String {
        match &happened.event {
            TicketEvent::Opened(_) => self.say("a ouvert la demande", "opened the request").to_owned(),
            TicketEvent::Described { .. } => match before.column("description") {
                Some(_) => self
                    .say("a changé la description", "changed the description")
                    .to_owned(),
                None => self
                    .say("a donné la description", "gave the description")
                    .to_owned(),
            },
            TicketEvent::Commented(commented) => match (&commented.body, commented.visibility) {
                (CommentBody::Automatic { automatic }, _) => self.automatic_comment(automatic),
                (CommentBody::Words(_), Visibility::Public) => self.say("a commenté", "commented").to_owned(),
                (CommentBody::Words(_), Visibility::Internal) => self
                    .say("a écrit une note interne", "wrote an internal note")
                    .to_owned(),
            },
            TicketEvent::Attached(attached) => self.attached(attached.name.value.as_deref()),
            TicketEvent::Transitioned(transitioned) => self.followed(transitioned),
            TicketEvent::Assigned { assignee, .. } => self.assigned(happened.stamp.by, *assignee),
            TicketEvent::Edited(_) => self.edited(changes),
            TicketEvent::ApprovalRequested(_) => self
                .say("a demandé une approbation", "asked for approval")
                .to_owned(),
            TicketEvent::ApprovalWithdrawn { .. } => self
                .say(
                    "a retiré la proposition en attente",
                    "withdrew the pending proposal",
                )
                .to_owned(),
            TicketEvent::ApprovalDecided(decided) => match decided.decision {
                Verdict::Accept => self
                    .say("a accepté la proposition", "accepted the proposal")
                    .to_owned(),
                Verdict::Refuse => self
                    .say("a refusé la proposition", "refused the proposal")
                    .to_owned(),
            },
            TicketEvent::Reopened { .. } => self
                .say("a rouvert la demande", "reopened the request")
                .to_owned(),
            TicketEvent::Shared { organizations, .. } => {
                let list: Vec<String> = organizations.iter().map(|id| self.organization(id)).collect();
                format!(
                    "{} {}",
                    self.say("a partagé la demande avec", "shared the request with"),
                    list.join(", ")
                )
            }
            TicketEvent::Unshared { organizations, .. } => {
                let list: Vec<String> = organizations.iter().map(|id| self.organization(id)).collect();
                format!(
                    "{} {}",
                    self.say(
                        "ne partage plus la demande avec",
                        "no longer shares the request with"
                    ),
                    list.join(", ")
                )
            }
        }
    }

    fn automatic_comment(&self, action: &str) -> String {
        let said = self.say(
            "a ajouté le commentaire automatique de",
            "added the automatic comment of",
        );
        format!("{said} {}", self.quoted(&self.action(action)))
    }

    fn attached(&self, name: Option<&str>) -> String {
        match name {
            Some(name) => format!(
                "{} {}",
                self.say("a joint le fichier", "attached the file"),
                self.quoted(name)
            ),
            None => self
                .say(
                    "a joint un fichier au nom effacé",
                    "attached a file whose name is erased",
                )
                .to_owned(),
        }
    }

    fn followed(&self, transitioned: &Transitioned) -> String {
        let action = self.quoted(&self.action_from(&transitioned.action, Some(&transitioned.from)));
        let mut text = format!("{} {action}", self.say("a choisi", "chose"));
        let told = self.desk.definition().field_meaning(Meaning::Resolution);
        let told = told.and_then(|name| Some((name, transitioned.fields.get(name)?.value()?)));
        if let Some((name, resolution)) = told {
            text.push_str(self.say(" avec la résolution ", " with the resolution "));
            text.push_str(&self.quoted(&self.choice(name, resolution)));
        }
        text
    }

    fn assigned(&self, by: AccountId, assignee: Option<AccountId>) -> String {
        match assignee {
            Some(assignee) if assignee == by => self
                .say("a pris la demande en charge", "took the request on")
                .to_owned(),
            Some(assignee) => {
                format!(
                    "{} {}",
                    self.say("a confié la demande à", "assigned the request to"),
                    self.name(assignee)
                )
            }
            None => self
                .say(
                    "a laissé la demande sans responsable",
                    "left the request without assignee",
                )
                .to_owned(),
        }
    }

    fn edited(&self, changes: &[Change]) -> String {
        let fields: Vec<String> = changes.iter().map(|change| self.changed(change)).collect();
        if fields.is_empty() {
            return self.say("a modifié la demande", "edited the request").to_owned();
        }
        format!("{} {}", self.say("a modifié", "edited"), fields.join(", "))
    }

    /// Seed 002 §8.5, "L'état de votre requête est devenu EN PROGRESSION" (F126).
    fn became(&self, status: &Change) -> String {
        let to = status.to.as_ref().and_then(Value::as_str).unwrap_or_default();
        let label = self.status(to);
        match self.language {
            Language::Fr => format!(" : l'état est devenu {}", self.quoted(&label)),
            Language::En => format!(": the status became {}", self.quoted(&label)),
        }
    }

    fn status(&self, id: &str) -> String {
        let status = id.parse::<StatusId>().ok().and_then(|id| self.desk.status(&id));
        status.map_or_else(
            || id.to_owned(),
            |status| status.label.text(self.language).to_owned(),
        )
    }

    fn action(&self, id: &str) -> String {
        self.action_from(id, None)
    }

    /// The label of an action. Ids are unique within the statuses they start from, so the status tells twins apart.
    fn action_from(&self, id: &str, from: Option<&StatusId>) -> String {
        let named = || {
            self.desk
                .definition()
                .transitions
                .iter()
                .filter(|transition| transition.id == id)
        };
        let here = named().find(|transition| from.is_some_and(|from| transition.from.contains(from)));
        let found = here.or_else(|| named().next());
        found.map_or_else(
            || id.to_owned(),
            |transition| transition.label.text(self.language).to_owned(),
        )
    }

    /// The label of a value of a field that is chosen from a list; the value otherwise.
    fn choice(&self, field: &str, value: &Value) -> String {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let found = self.desk.choice(field, &text);
        found.map_or(text, |choice| choice.label.text(self.language).to_owned())
    }

    /// The field that changed; of an organization also which it became, for its id tells people nothing.
    fn changed(&self, change: &Change) -> String {
        let field = self.field(&change.field);
        let became = change.to.as_ref().filter(|_| change.field == "organization");
        let id = became.and_then(Value::as_str).and_then(|id| id.parse().ok());
        id.map_or(field.clone(), |id: OrganizationId| {
            format!("{field} ({})", self.organization(&id))
        })
    }

    fn organization(&self, id: &OrganizationId) -> String {
        self.names.organization(id).unwrap_or_else(|| id.to_string())
    }

    fn field(&self, field: &str) -> String {
        if let Some(name) = field.strip_prefix("fields.") {
            return self.quoted(&self.title(name));
        }
        let known = match field {
            "type" => self.say("le type", "the type"),
            "summary" => self.say("le résumé", "the summary"),
            "description" => self.say("la description", "the description"),
            "priority" => self.say("la priorité", "the priority"),
            "urgency" => self.say("l'urgence", "the urgency"),
            "organization" => self.say("l'organisation", "the organization"),
            "private" => self.say("le caractère privé", "whether it is private"),
            "notify" => self.say("le suivi par courriel", "the mail follow-up"),
            other => other,
        };
        known.to_owned()
    }

    /// The title of a field of the desk; its name when the desk has no such field.
    fn title(&self, name: &str) -> String {
        let field = self.desk.definition().field_named(name);
        field
            .map_or(name, |field| field.title.text(self.language))
            .to_owned()
    }
}

fn capitalized(name: &str) -> String {
    let mut chars = name.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}
