//! What auditors read: checkpoints, proofs, tiles, the export, evidence, and the change feed.

use std::{fs, process::Command};

use guichet_tests::{answer::Answer, home::guichet};

use super::{
    asked::{Asked, LIVE, Look, Row},
    scene::{Scene, holds},
};

/// Entries of a tile (C2SP tlog-tiles).
const TILE_ENTRIES: u64 = 256;

pub(super) fn rows() -> Vec<Row> {
    let evidence = Row::reads("get_evidence", "", Asked::ticket);
    vec![
        Row::reads("get_checkpoint", "", |_| Asked::plain()),
        Row::reads("get_checkpoint_key", "", |_| Asked::plain()),
        Row::reads("get_inclusion_proof", "", |scene| {
            Asked::plain().query(format!("position={}", scene.subject.noted_position))
        }),
        Row::reads("get_consistency_proof", "", |_| {
            Asked::plain().query("from=1".to_owned())
        }),
        Row::reads("get_tile", "of hashes", |scene| tile(scene, "0")),
        Row::reads("get_tile", "of entries", |scene| tile(scene, "entries")),
        Row::reads("export_log", "", |_| Asked::plain()),
        Row {
            look: Look::By(is_told_offline),
            ..evidence
        },
        Row::reads("list_events", "", of_ticket),
        Row::reads("list_events", "live", |scene| {
            of_ticket(scene).header("accept", LIVE)
        }),
    ]
}

fn of_ticket(scene: &Scene<'_>) -> Asked {
    Asked::plain().query(format!("stream={}", scene.subject.key))
}

/// The tile that ends with the event of the ticket's note, once a checkpoint covers it.
fn tile(scene: &Scene<'_>, level: &str) -> Asked {
    let last = scene.subject.noted_position;
    let proof = scene
        .world
        .admin
        .get(&format!("/v1/audit/proofs/inclusion?position={last}"));
    let _ = proof.expect(200);
    let (number, width) = ((last - 1) / TILE_ENTRIES, (last - 1) % TILE_ENTRIES + 1);
    let partial = match width {
        TILE_ENTRIES => String::new(),
        width => format!(".p/{width}"),
    };
    Asked::plain().with("path", &format!("{level}/{number:03}{partial}"))
}

/// The bundle's words hold the note, once the auditor's program has opened what the bundle discloses.
fn is_told_offline(scene: &Scene<'_>, answer: &Answer) -> Result<bool, String> {
    if answer.status != 200 {
        return Ok(holds(&answer.bytes, &scene.subject.note));
    }
    let number = scene.world.number();
    let file = scene.world.scratch.join(format!("bundle-{number}.json"));
    fs::write(&file, &answer.bytes).unwrap();
    let mut program = Command::new(guichet());
    let told = program.args(["audit", "bundle"]).arg(&file).output().unwrap();
    let words = String::from_utf8_lossy(&told.stdout);
    if told.status.success() && words.contains("À suivre.") {
        Ok(words.contains(&scene.subject.note))
    } else {
        Err(format!("the bundle does not verify, or tells nothing: {words}"))
    }
}
