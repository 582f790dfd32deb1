//! The wire: requests, answers and problems of the REST contract. No rules.
//!
//! One file per resource. Every type is a promise to strangers: its doc comment is the text of the `OpenAPI` document,
//! its example is read back by a test, requests refuse members they do not know, and readers of answers ignore
//! members they do not know, so that an answer may grow.
//!
//! Keys, statuses and codes are plain strings here, because desks define them as data (design section 5).
//! Times are RFC 3339 in UTC. In answers every member is always present, `null` when there is nothing to say,
//! unless its text says otherwise.

mod account;
mod approval;
mod attachment;
mod audit;
mod auth;
mod blame;
mod comment;
mod delivery;
mod desk;
mod event;
pub mod forwarded;
mod health;
mod history;
mod link;
mod me;
mod nullable;
mod organization;
mod page;
mod problem;
mod series;
mod sharing;
mod sign_in;
mod ticket;
mod ticket_query;
mod transition;

pub use account::{
    Account, AccountPage, AccountQuery, Address, ApiKey, ApiKeyList, CreateAccount, CreateApiKey,
    CreateMembership, DisableAccount, EditProfile, GrantRole, LockFields, SetAddress,
};
pub use approval::{Approval, ApprovalList, ApprovalStatus, CreateApproval, DecideApproval, Decision};
pub use attachment::{Attachment, AttachmentList, CreateAttachment, FileBytes};
pub use audit::{
    CheckpointKey, ConsistencyProof, ErasePerson, Erasure, ErasureState, EvidenceBundle, ExportLine,
    InclusionProof,
};
pub use auth::{AccessToken, CreateToken, Jwk, Jwks, RefreshToken, TokenAnswer};
pub use blame::{BlamePage, FieldBlame};
pub use comment::{Comment, CommentPage, CreateComment, Side, Visibility};
pub use delivery::{ClaimedDelivery, Delivery, DeliveryPage, Outcome, SettleDelivery};
pub use desk::{
    Desk, DeskList, DeskSummary, DeskTransition, FormChoice, FormField, FormSchema, Label, ListChange,
    ListValue, ListValuePage, ListValueQuery, NewListValue, RequestType, SetListValues, ValueList,
};
pub use event::{FeedEvent, StoredEvent};
pub use health::{
    Health, LogHealth, LogState, ProofHealth, ProofState, Readiness, ReadinessProblem, ReadinessStatus,
    Stops, ViewHealth, WorkerHealth, WorkerState,
};
pub use history::{Change, Channel, HistoryEntry, HistoryPage};
pub use link::{CreateLinks, Link, LinkList};
pub use me::{Me, MyOrganization, MyProfile, RequestAddress, RoleGrant};
pub use organization::{
    Contract, ContractTerms, CreateOrganization, EditOrganization, Organization, OrganizationPage,
    OrganizationQuery, Referent,
};
pub use page::PageQuery;
pub use problem::{FieldError, Problem};
pub use series::{DayCounts, StatusSeries};
pub use sharing::{ShareList, SharePart, ShareTicket, Sharer, SharerKind};
pub use sign_in::{
    Challenge, ChangePassword, ConfirmSecondFactor, CreateChallenge, CreateFederatedToken, FederatedSignIn,
    IdentityProvider, IdentityProviderList, OneTimeToken, PasswordConfirmation, PasswordPolicy,
    PendingSecondFactor, RecoveryCodes, RequestPasswordReset, RequestRescue, RequestUsernameReminder,
    ResetPassword, SignIn, SignInList, SignUp, SignedOut, Solution,
};
pub use ticket::{
    AccountRef, CreateTicket, EditTicket, Fields, LastMessage, OrganizationRef, ReopenTicket, Status,
    StatusCategory, Ticket, TicketPage, TicketRow,
};
pub use ticket_query::TicketQuery;
pub use transition::{AllowedAction, CreateTransition};
