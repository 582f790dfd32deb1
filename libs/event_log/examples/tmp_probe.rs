//! probe
use event_log::*;
use std::time::Instant;
use uuid::Uuid;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let dir = std::path::PathBuf::from(&a[2]);
    let rt = tokio::runtime::Runtime::new().unwrap();
    match a[1].as_str() {
        "fill" => {
            let n: u64 = a[3].parse().unwrap();
            let log = EventLog::open(&dir, Options::default()).unwrap();
            let start = log.head().0;
            let t = Instant::now();
            rt.block_on(async {
                let mut i = start;
                while i < start + n {
                    let mut v = Vec::new();
                    for _ in 0..64 {
                        i += 1;
                        let k = i.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                        let d = EventDraft {
                            id: EventId(Uuid::from_u64_pair(1, k)),
                            event_type: "ticket-commented.v1".into(),
                            at: chrono::DateTime::from_timestamp_micros(1_700_000_000_000_000 + i as i64)
                                .unwrap(),
                            occurred_at: None,
                            sent_at: None,
                            by: Uuid::from_u64_pair(2, k),
                            on_behalf_of: None,
                            channel: Channel::Rest,
                            correlation_id: Uuid::from_u64_pair(3, k),
                            causation_id: None,
                            data: serde_json::value::RawValue::from_string(format!("\"{}\"", "x".repeat(88)))
                                .unwrap(),
                        };
                        let target = if i % 10 == 1 {
                            Target::NextIn("SUP".parse().unwrap())
                        } else {
                            Target::Stream(format!("SUP-{}", (k % (i / 10 + 1)) + 1).parse().unwrap())
                        };
                        v.push(log.append(Commit {
                            command_id: CommandId(Uuid::from_u64_pair(5, k)),
                            command_digest: [7; 32],
                            writes: vec![StreamWrite {
                                target,
                                expected: Expected::Any,
                                events: vec![d],
                            }],
                        }));
                    }
                    for f in v {
                        f.await.unwrap();
                    }
                    if i % (1 << 20) < 64 {
                        eprintln!(
                            "{i} {:.0}/s rss {}",
                            (i - start) as f64 / t.elapsed().as_secs_f64(),
                            rss()
                        );
                    }
                }
            });
            println!(
                "filled {n} in {:?}, {:.0}/s",
                t.elapsed(),
                n as f64 / t.elapsed().as_secs_f64()
            );
            if a.get(4).is_some() {
                println!("kill");
                std::process::abort();
            }
            let t = Instant::now();
            log.close();
            println!("closed in {:?}", t.elapsed());
        }
        _ => {
            let t = Instant::now();
            let log = EventLog::open(&dir, Options::default()).unwrap();
            println!(
                "opened {} in {:?} {:?} rss {}",
                log.head(),
                t.elapsed(),
                log.open_report(),
                rss()
            );
            let t = Instant::now();
            let h = log.head().0;
            let mut s = 0;
            let m = 20000;
            for j in 0..m {
                let k = (j * 7919 + 13) % (h / 10) + 1;
                s += log
                    .read_stream(&format!("SUP-{k}").parse().unwrap(), Version(0), 1000)
                    .unwrap()
                    .len();
            }
            println!(
                "read_stream {:?} each, {:.1} events",
                t.elapsed() / m as u32,
                s as f64 / m as f64
            );
            let t = Instant::now();
            for j in 0..1000 {
                log.position_at(
                    chrono::DateTime::from_timestamp_micros(1_700_000_000_000_000 + (j * h / 1000) as i64)
                        .unwrap(),
                )
                .unwrap();
            }
            println!("position_at {:?}", t.elapsed() / 1000);
            let t = Instant::now();
            let mut after = Position(0);
            let mut c = 0;
            while c < 1_000_000 {
                let r = log.read(after, 1024).unwrap();
                if r.is_empty() {
                    break;
                }
                c += r.len();
                after = r.last().unwrap().position;
            }
            println!("read {:.0} events/s", c as f64 / t.elapsed().as_secs_f64());
            let t = Instant::now();
            log.close();
            println!("closed in {:?}", t.elapsed());
        }
    }
}
fn rss() -> String {
    std::fs::read_to_string("/proc/self/status")
        .unwrap()
        .lines()
        .find(|l| l.starts_with("VmRSS"))
        .unwrap()
        .to_owned()
}
