//! x
#![expect(clippy::unwrap_used, reason = "x")]
use std::time::Instant;
use serde_json::json; use uuid::Uuid; use vault::*;
fn rss() -> u64 { let s=std::fs::read_to_string("/proc/self/status").unwrap(); s.lines().find(|l| l.starts_with("VmRSS")).unwrap().split_whitespace().nth(1).unwrap().parse().unwrap() }
#[test]
fn measure() {
    let d = tempfile::TempDir::new_in("/work/main/target").unwrap();
    let p = d.path().join("k");
    let v = Vault::open(&p, MasterKey::from_bytes([7;32])).unwrap();
    let t=Instant::now(); for n in 0..500u128 { v.mint(Uuid::from_u128(n+(1<<70))).unwrap(); } println!("lone mint {:?} each", t.elapsed()/500);
    let s0=v.syncs(); let t=Instant::now();
    std::thread::scope(|s| { for k in 0..16u128 { let v=&v; s.spawn(move || for n in 0..500u128 { v.mint(Uuid::from_u128((k*1000+n)+(1<<80))).unwrap(); }); } });
    println!("16 threads: {:.0} mints/s, {} syncs for 8000", 8000.0/t.elapsed().as_secs_f64(), v.syncs()-s0);
    let all: Vec<Uuid> = (0..1_000_000u128).map(|n| Uuid::from_u128(n | 7<<100)).collect();
    let t=Instant::now(); for c in all.chunks(1000) { v.mint_all(c).unwrap(); } println!("1M in 1000s {:?}", t.elapsed());
    let ev = |n:u128| Uuid::from_u128(n);
    let mk = |n: usize| json!({"ticket":"SUP-1","summary":{"personal":{"subject":all[n],"value":"Imprimante muette au troisième étage"}},"body":{"personal":{"subject":all[n],"value":"x".repeat(400)}}});
    for (name, spread) in [("one person",1usize),("4,000 people",4000),("1M people",1_000_000)] {
        let datas: Vec<_> = (0..50_000usize).map(|i| mk((i*7919)%spread)).collect();
        let mut stored=datas.clone();
        let t=Instant::now(); for (i,x) in stored.iter_mut().enumerate() { v.seal_data(ev(i as u128), x).unwrap(); } let a=t.elapsed();
        let t=Instant::now(); for (i,x) in stored.iter_mut().enumerate() { v.open_data(ev(i as u128), x).unwrap(); } let b=t.elapsed();
        println!("{name}: seal {:?}/value open {:?}/value (2 values an event, 37+400 bytes)", a/100_000, b/100_000);
        assert_eq!(stored,datas);
    }
    drop(v);
    let r=rss(); let t=Instant::now(); let v=Vault::open(&p, MasterKey::from_bytes([7;32])).unwrap(); println!("open 1M {:?} rss +{} KiB", t.elapsed(), rss()-r); drop(v);
    let k=ValueKey::from_bytes([1;32]); let plain=vec![5u8;1<<16]; 
    let t=Instant::now(); let mut e=content::Encryptor::new(k.clone()); let mut out=Vec::new(); for _ in 0..1600 { out.extend(e.push(&plain)); } out.extend(e.finish()); println!("content enc {:.0} MB/s", 104.8576/t.elapsed().as_secs_f64());
    let t=Instant::now(); let mut e=content::Decryptor::new(k); let mut n=0; for c in out.chunks(1<<16) { n+=e.push(c).unwrap().len(); } n+=e.finish().unwrap().len(); println!("content dec {:.0} MB/s {n}", 104.8576/t.elapsed().as_secs_f64());
}
