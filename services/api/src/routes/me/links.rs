//! Signed links, for what sends no header field of a page's: pictures, downloads, event streams.

use actix_web::{HttpRequest, HttpResponse, post};
use api_types::{CreateLinks, Link, LinkList};
use chrono::Utc;
use domain::Fault;

use crate::{
    asking::{unlinkable, with_link},
    body::Body,
    caller::Caller,
    refusal::Refusal,
};

/// Sign links.
///
/// For an `<img>`, a download or an `EventSource`, which cannot send a token. A link holds for five minutes, for GET and HEAD of that
/// very path and query, without `Authorization`. It is answered with the rights that its maker has when it is used, in the profile, the
/// organization and the language of this call, and ends with the sign-in; a stream that was opened in time goes on as long as the
/// access token of this call. A link to what the caller may not see leads to 404. Whoever has a link can use it: do not keep it.
/// Programs with an API key send their key.
#[utoipa::path(
    operation_id = "create_links", tag = "me",
    request_body = CreateLinks,
    responses((status = 200, description = "The links, in the order of the paths.", body = LinkList)),
)]
#[post("/me/links")]
pub(crate) async fn create_links(
    caller: Caller,
    request: HttpRequest,
    body: Body<CreateLinks>,
) -> Result<HttpResponse, Refusal> {
    let paths = body.value.paths;
    let fault = |(place, path): (usize, &String)| {
        let text = unlinkable(&request, path)?;
        Some(Fault::new(format!("/paths/{place}"), text))
    };
    let faults: Vec<Fault> = paths.iter().enumerate().filter_map(fault).collect();
    if !faults.is_empty() {
        return Err(Refusal::faults(faults));
    }
    let link = |caller: &Caller, path: String| {
        let (token, expires_at) = caller.link(&path, Utc::now())?;
        let url = with_link(&path, &token);
        Ok::<_, Refusal>(Link {
            path,
            url,
            expires_at,
        })
    };
    let items = caller.asks(move |caller, _| paths.into_iter().map(|path| link(caller, path)).collect());
    Ok(HttpResponse::Ok().json(LinkList { items: items.await? }))
}
