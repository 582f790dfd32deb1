//! Names and contents of tiles.

use proptest::prelude::*;
use transparency::{
    BundleError, EntryTooLong, TILE_INDEX_MAX, TileKind, TilePath, TilePathError, decode_entries,
    encode_entries,
};

const HASHES: TileKind = TileKind::Hashes { level: 0 };

#[test]
fn the_names_of_the_fixture_name_what_it_says() {
    let fixture = include_str!("fixtures/tile-paths-v1.tsv");
    for line in fixture.lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [name, kind, start, width] = columns.as_slice() else {
            panic!("{line}");
        };
        let path: TilePath = name.parse().unwrap();
        let kind = match *kind {
            "entries" => TileKind::Entries,
            level => TileKind::Hashes {
                level: level.parse().unwrap(),
            },
        };
        assert_eq!(path.kind(), kind, "{name}");
        assert_eq!(path.range().start.to_string(), *start, "{name}");
        assert_eq!(path.width().to_string(), *width, "{name}");
        assert_eq!(path.to_string(), *name);
    }
}

#[test]
fn what_is_not_the_one_name_of_a_tile_is_refused() {
    for kind in [
        "",
        "tile",
        "tile/0",
        "tile/64/000",
        "tile/00/000",
        "tile/-1/000",
        "tiles/0/000",
        "tile/x/000",
    ] {
        assert_eq!(kind.parse::<TilePath>(), Err(TilePathError::Kind), "{kind}");
    }
    for index in [
        "",
        "0",
        "00",
        "0000",
        "x000/000",
        "001/000",
        "x01/000",
        "x001/",
        "x001/x000",
        "+01",
        "x001//000",
    ] {
        let refused = format!("tile/0/{index}").parse::<TilePath>();
        assert_eq!(refused, Err(TilePathError::Index(index.to_owned())), "{index}");
    }
    let huge = "tile/0/x999/x999/x999/x999/x999/x999/x999/999".parse::<TilePath>();
    assert!(matches!(huge, Err(TilePathError::Index(_))));
    for width in ["", "0", "256", "01", "+1", "1/"] {
        let refused = format!("tile/entries/000.p/{width}").parse::<TilePath>();
        assert_eq!(refused, Err(TilePathError::Width(width.to_owned())), "{width}");
    }
}

#[test]
fn a_tree_of_70_000_leaves_has_the_tiles_of_the_specification() {
    let name = |level, index| {
        TilePath::in_tree(TileKind::Hashes { level }, index, 70_000).map(|path| path.to_string())
    };
    assert_eq!(name(0, 272).as_deref(), Some("tile/0/272"));
    assert_eq!(name(0, 273).as_deref(), Some("tile/0/273.p/112"));
    assert_eq!(name(0, 274), None);
    assert_eq!(name(1, 0).as_deref(), Some("tile/1/000"));
    assert_eq!(name(1, 1).as_deref(), Some("tile/1/001.p/17"));
    assert_eq!(name(2, 0).as_deref(), Some("tile/2/000.p/1"));
    assert_eq!(name(3, 0), None);
    assert_eq!(name(63, 0), None);
    assert_eq!(TilePath::in_tree(HASHES, 1, 256), None);
    assert_eq!(TilePath::in_tree(HASHES, u64::MAX, u64::MAX), None);
}

#[test]
fn a_tile_is_a_piece_of_its_level_file() {
    let path: TilePath = "tile/1/x001/002.p/3".parse().unwrap();
    assert_eq!(path.bytes_in_level_file(), 1002 * 8192..1002 * 8192 + 96);
    assert!(path.is_in_tree((1002 * 256 + 3) * 256));
    assert!(!path.is_in_tree((1002 * 256 + 3) * 256 - 1));
}

#[test]
fn every_tile_reads_back_from_its_name() {
    let config = ProptestConfig {
        rng_seed: proptest::test_runner::RngSeed::Fixed(6962),
        ..ProptestConfig::default()
    };
    let read = std::cell::Cell::new(0);
    let tried = proptest::test_runner::TestRunner::new(config).run(
        &(0_u8..7, 0..TILE_INDEX_MAX, any::<u64>()),
        |(level, index, size)| {
            for kind in [TileKind::Hashes { level }, TileKind::Entries] {
                let span = 256_u64.pow(u32::from(level) + 1);
                if let Some(path) = TilePath::in_tree(kind, index % (size / span + 1), size) {
                    prop_assert_eq!(path.to_string().parse(), Ok(path));
                    prop_assert!(path.is_in_tree(size));
                    read.set(read.get() + 1);
                }
            }
            Ok(())
        },
    );
    tried.unwrap();
    assert!(read.get() > 400, "{} of 512 tiles only", read.get());
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(6962), ..ProptestConfig::default() })]

    #[test]
    fn every_bundle_gives_its_entries_back(entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..20)) {
        let bundle = encode_entries(entries.iter().map(Vec::as_slice)).unwrap();
        prop_assert_eq!(decode_entries(&bundle).unwrap(), entries);
    }
}

#[test]
fn a_bundle_has_the_length_of_each_entry_before_it() {
    let longest = vec![7; 65_535];
    let bundle = encode_entries([&b""[..], b"ab", &longest]).unwrap();
    assert_eq!(bundle[..8], [0, 0, 0, 2, b'a', b'b', 255, 255]);
    assert_eq!(bundle.len(), 8 + 65_535);
    assert_eq!(
        decode_entries(&bundle[..bundle.len() - 1]),
        Err(BundleError::Truncated(2))
    );
    assert_eq!(decode_entries(&bundle[..3]), Err(BundleError::Truncated(1)));
    let too_long = vec![7; 65_536];
    assert_eq!(
        encode_entries([&too_long[..]]),
        Err(EntryTooLong { bytes: 65_536 })
    );
}
