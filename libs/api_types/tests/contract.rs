//! The contract keeps its word: examples are real, requests are strict, `null` is told from absent.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use api_types::{
    Account, AccountPage, AccountQuery, AccountRef, Address, AllowedAction, ApiKey, ApiKeyList, Approval,
    ApprovalList, Attachment, AttachmentList, BlamePage, Challenge, Change, ChangePassword, CheckpointKey,
    ClaimedDelivery, Comment, CommentPage, ConfirmSecondFactor, ConsistencyProof, Contract, ContractTerms,
    CreateAccount, CreateApiKey, CreateApproval, CreateAttachment, CreateChallenge, CreateComment,
    CreateFederatedToken, CreateMembership, CreateOrganization, CreateTicket, CreateToken, CreateTransition,
    DayCounts, DecideApproval, Delivery, DeliveryPage, Desk, DeskList, DeskSummary, DeskTransition,
    DisableAccount, EditOrganization, EditProfile, EditTicket, ErasePerson, Erasure, EvidenceBundle,
    ExportLine, FederatedSignIn, FeedEvent, FieldBlame, FieldError, FormSchema, GrantRole, Health,
    HistoryEntry, HistoryPage, IdentityProvider, IdentityProviderList, InclusionProof, Jwk, Jwks,
    LastMessage, ListValue, LockFields, LogHealth, Me, MyOrganization, MyProfile, OneTimeToken, Organization,
    OrganizationPage, OrganizationQuery, OrganizationRef, PageQuery, PasswordConfirmation, PasswordPolicy,
    PendingSecondFactor, Problem, ProofHealth, Readiness, ReadinessProblem, RecoveryCodes, Referent,
    RefreshToken, ReopenTicket, RequestAddress, RequestPasswordReset, RequestRescue, RequestType,
    RequestUsernameReminder, ResetPassword, RoleGrant, SetAddress, SettleDelivery, ShareList, ShareTicket,
    Sharer, SignIn, SignInList, SignUp, Solution, Status, StatusSeries, Ticket, TicketPage, TicketQuery,
    TicketRow, TokenAnswer, ViewHealth, Visibility, WorkerHealth,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use utoipa::ToSchema;

/// The schema of `T` as the document will print it.
fn schema<T: ToSchema>() -> Value {
    serde_json::to_value(T::schema()).unwrap()
}

/// Reads the example as its own type and writes it again: nothing may be lost, added or renamed.
fn example_is_real<T: ToSchema + Serialize + DeserializeOwned>() {
    let example = schema::<T>()["example"].clone();
    assert!(example.is_object(), "{} has no example", T::name());
    let read: T =
        serde_json::from_value(example.clone()).unwrap_or_else(|error| panic!("{}: {error}", T::name()));
    assert_eq!(
        serde_json::to_value(&read).unwrap(),
        example,
        "example of {}",
        T::name()
    );
}

#[test]
fn every_example_of_a_request_is_read_and_written_back_unchanged() {
    example_is_real::<CreateToken>();
    example_is_real::<RefreshToken>();
    example_is_real::<Solution>();
    example_is_real::<CreateAccount>();
    example_is_real::<GrantRole>();
    example_is_real::<AccountQuery>();
    example_is_real::<EditProfile>();
    example_is_real::<LockFields>();
    example_is_real::<SetAddress>();
    example_is_real::<CreateMembership>();
    example_is_real::<DisableAccount>();
    example_is_real::<CreateApiKey>();
    example_is_real::<SettleDelivery>();
    example_is_real::<RequestAddress>();
    example_is_real::<CreateOrganization>();
    example_is_real::<EditOrganization>();
    example_is_real::<ContractTerms>();
    example_is_real::<OrganizationQuery>();
    example_is_real::<CreateChallenge>();
    example_is_real::<ChangePassword>();
    example_is_real::<RequestPasswordReset>();
    example_is_real::<ResetPassword>();
    example_is_real::<RequestUsernameReminder>();
    example_is_real::<OneTimeToken>();
    example_is_real::<RequestRescue>();
    example_is_real::<SignUp>();
    example_is_real::<PasswordConfirmation>();
    example_is_real::<ConfirmSecondFactor>();
    example_is_real::<CreateFederatedToken>();
    example_is_real::<CreateTicket>();
    example_is_real::<EditTicket>();
    example_is_real::<ReopenTicket>();
    example_is_real::<ShareTicket>();
    example_is_real::<CreateComment>();
    example_is_real::<CreateAttachment>();
    example_is_real::<CreateTransition>();
    example_is_real::<CreateApproval>();
    example_is_real::<DecideApproval>();
    example_is_real::<ErasePerson>();
    example_is_real::<PageQuery>();
    example_is_real::<TicketQuery>();
}

#[test]
fn every_example_of_an_answer_about_people_is_read_and_written_back_unchanged() {
    example_is_real::<Account>();
    example_is_real::<Address>();
    example_is_real::<AccountPage>();
    example_is_real::<ApiKey>();
    example_is_real::<ApiKeyList>();
    example_is_real::<DeliveryPage>();
    example_is_real::<Delivery>();
    example_is_real::<ClaimedDelivery>();
    example_is_real::<MyProfile>();
    example_is_real::<Organization>();
    example_is_real::<Referent>();
    example_is_real::<Contract>();
    example_is_real::<OrganizationPage>();
    example_is_real::<Challenge>();
    example_is_real::<PasswordPolicy>();
    example_is_real::<PendingSecondFactor>();
    example_is_real::<RecoveryCodes>();
    example_is_real::<SignIn>();
    example_is_real::<SignInList>();
    example_is_real::<IdentityProvider>();
    example_is_real::<IdentityProviderList>();
    example_is_real::<FederatedSignIn>();
}

#[test]
fn every_example_of_an_answer_is_read_and_written_back_unchanged() {
    example_is_real::<TokenAnswer>();
    example_is_real::<ShareList>();
    example_is_real::<Sharer>();
    example_is_real::<BlamePage>();
    example_is_real::<ProofHealth>();
    example_is_real::<StatusSeries>();
    example_is_real::<DayCounts>();
    example_is_real::<FieldBlame>();
    example_is_real::<CheckpointKey>();
    example_is_real::<InclusionProof>();
    example_is_real::<ConsistencyProof>();
    example_is_real::<ExportLine>();
    example_is_real::<EvidenceBundle>();
    example_is_real::<Erasure>();
    example_is_real::<Jwks>();
    example_is_real::<Jwk>();
    example_is_real::<Ticket>();
    example_is_real::<TicketRow>();
    example_is_real::<TicketPage>();
    example_is_real::<AccountRef>();
    example_is_real::<OrganizationRef>();
    example_is_real::<Status>();
    example_is_real::<LastMessage>();
    example_is_real::<Comment>();
    example_is_real::<CommentPage>();
    example_is_real::<Attachment>();
    example_is_real::<AttachmentList>();
    example_is_real::<AllowedAction>();
    example_is_real::<Approval>();
    example_is_real::<ApprovalList>();
    example_is_real::<HistoryEntry>();
    example_is_real::<Change>();
    example_is_real::<HistoryPage>();
    example_is_real::<FeedEvent>();
    example_is_real::<DeskSummary>();
    example_is_real::<DeskList>();
    example_is_real::<Desk>();
    example_is_real::<DeskTransition>();
    example_is_real::<RequestType>();
    example_is_real::<ListValue>();
    example_is_real::<FormSchema>();
    example_is_real::<Me>();
    example_is_real::<RoleGrant>();
    example_is_real::<MyOrganization>();
    example_is_real::<Problem>();
    example_is_real::<FieldError>();
    example_is_real::<Health>();
    example_is_real::<Readiness>();
    example_is_real::<LogHealth>();
    example_is_real::<ViewHealth>();
    example_is_real::<ReadinessProblem>();
    example_is_real::<WorkerHealth>();
}

#[test]
fn a_request_with_an_unknown_member_is_refused_by_name() {
    let error =
        serde_json::from_value::<CreateComment>(json!({"body": "b", "visibilty": "internal"})).unwrap_err();
    assert!(error.to_string().contains("visibilty"), "{error}");
    assert_eq!(schema::<CreateComment>()["additionalProperties"], json!(false));
}

#[test]
fn an_answer_with_a_member_of_a_later_version_is_still_read() {
    let read: OrganizationRef = serde_json::from_value(json!({"id": "a", "name": "A", "later": 1})).unwrap();
    assert_eq!(
        read,
        OrganizationRef {
            id: "a".into(),
            name: "A".into()
        }
    );
}

#[test]
fn a_null_assignee_unassigns_and_an_absent_one_changes_nothing() {
    let unassign: EditTicket = serde_json::from_value(json!({"assignee": null})).unwrap();
    assert_eq!(unassign.assignee, Some(None));
    assert_eq!(
        serde_json::to_value(&unassign).unwrap(),
        json!({"assignee": null})
    );
    let nothing: EditTicket = serde_json::from_value(json!({})).unwrap();
    assert_eq!(nothing.assignee, None);
    assert_eq!(serde_json::to_value(&nothing).unwrap(), json!({}));
    let to_agent: EditTicket = serde_json::from_value(json!({"assignee": "agent"})).unwrap();
    assert_eq!(to_agent.assignee, Some(Some("agent".into())));
}

#[test]
fn a_field_set_to_null_survives_the_wire_so_that_it_can_be_removed() {
    let edit: EditTicket = serde_json::from_value(json!({"fields": {"product": null}})).unwrap();
    assert_eq!(edit.fields.unwrap().get("product"), Some(&Value::Null));
}

#[test]
fn a_comment_is_public_unless_it_says_internal() {
    let public: CreateComment = serde_json::from_value(json!({"body": "b"})).unwrap();
    assert_eq!(public.visibility, Visibility::Public);
    let internal: CreateComment =
        serde_json::from_value(json!({"body": "b", "visibility": "internal"})).unwrap();
    assert_eq!(internal.visibility, Visibility::Internal);
}

#[test]
fn nothing_to_say_is_null_in_answers_and_absent_from_problems() {
    let ticket = schema::<Ticket>()["example"].clone();
    assert_eq!(ticket["assignee"], Value::Null);
    let required = schema::<Ticket>()["required"].clone();
    assert!(
        required.as_array().unwrap().contains(&json!("assignee")),
        "{required}"
    );
    let problem = schema::<Problem>()["example"].clone();
    assert!(problem.get("missed").is_none());
}
