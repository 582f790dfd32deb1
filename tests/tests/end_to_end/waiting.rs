//! Reads that name a position wait for it, or say that it is not reached.

use std::thread;

use guichet_tests::server::Server;
use serde_json::json;

/// Fault U10: comments and histories read `at_least` and threw it away.
#[test]
fn comments_and_histories_wait_for_the_position_that_is_named() {
    let server = Server::start();
    let client = server.client("requester-1");
    let opened = json!({"desk": "SUP", "type": "question", "summary": "Attendre", "description": "Un peu."});
    let key = client.open(&opened)["key"].as_str().unwrap().to_owned();
    let (comments, history) = (
        format!("/v1/tickets/{key}/comments"),
        format!("/v1/tickets/{key}/history"),
    );
    let written = client.comment(&key, "Bonjour.", "public")["position"]
        .as_u64()
        .unwrap();
    for path in [&comments, &history] {
        let _ = client.get(&format!("{path}?at_least={written}")).expect(200);
        let _ = client
            .get(&format!("{path}?at_least={}", written + 1_000))
            .refused(503, "view-behind");
        let _ = client.get(&format!("{path}?at_least=x")).refused(422, "invalid");
    }
    // What is written while somebody waits is in the answer.
    let next = server.head() + 1;
    thread::scope(|scope| {
        let waiting = scope.spawn(|| client.get(&format!("{comments}?at_least={next}")).expect(200));
        let _ = client.comment(&key, "Encore.", "public");
        let read = waiting.join().unwrap();
        assert_eq!(read["items"].as_array().unwrap().len(), 2, "{read}");
    });
}
