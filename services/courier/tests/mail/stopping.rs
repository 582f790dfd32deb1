//! The courier while nothing is there to speak to.

use crate::config;
use std::time::Duration;
use tokio::{sync::oneshot, time::timeout};

/// How long a courier is watched for ending by itself, milliseconds.
const RUNS_FOR_MS: u64 = 300;

/// How long a courier with nothing under way may take to stop, seconds, on a busy machine.
const STOPPED_WITHIN_S: u64 = 15;

async fn stops(api_url: String) {
    let mut config = config("smtp://127.0.0.1:1");
    config.api_url = api_url;
    let courier = courier::new(config).unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let mut running = tokio::spawn(async move {
        let told = async move {
            let _ = stopped.await;
        };
        courier.run(told).await;
    });
    let early = timeout(Duration::from_millis(RUNS_FOR_MS), &mut running).await;
    assert!(early.is_err(), "the courier ended by itself");
    drop(stop);
    let ended = timeout(Duration::from_secs(STOPPED_WITHIN_S), running).await;
    ended.expect("the courier stops in time").unwrap();
}

#[tokio::test]
async fn a_courier_whose_api_is_away_waits_and_stops_when_told() {
    stops("http://127.0.0.1:1".to_owned()).await;
}

#[tokio::test]
async fn a_courier_whose_api_does_not_answer_stops_when_told() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    stops(format!("http://{}", listener.local_addr().unwrap())).await;
}
