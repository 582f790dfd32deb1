//! Files.

use super::{
    asked::{Asked, Row},
    subject::State,
    tickets::as_of,
};

pub(super) fn rows() -> Vec<Row> {
    let with_file = |row| Row {
        state: State::WithFile,
        ..row
    };
    vec![
        Row::changes("create_attachment", "", State::Opened, |scene| {
            Asked::ticket(scene).file(b"une page")
        }),
        with_file(Row::reads("list_attachments", "", Asked::ticket)),
        with_file(Row::reads("list_attachments", "as of", as_of)),
        with_file(Row::reads("get_attachment", "", |scene| {
            Asked::ticket(scene).with("id", &scene.subject.attachment)
        })),
    ]
}
