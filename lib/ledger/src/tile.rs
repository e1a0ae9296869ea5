//! Static tiles (C2SP `tlog-tiles`): the tree cut into files of up to 256 hashes, which
//! never change and from which everybody computes every proof.

use crate::{
    hash::Hash,
    tree::{MAX_SIZE, root},
};

/// Hashes in a full tile.
pub const TILE_WIDTH: u16 = 256;

/// Levels above this would need more leaves than [`MAX_SIZE`].
const MAX_LEVEL: u8 = 6;

/// A path isn't that of a tile or of a bundle of entries.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "not the path of a tile: expected `tile/<level>/<index>` or `tile/entries/<index>` with the \
     index as `x001/234` and, for a partial tile, `.p/<1 to 255>`"
)]
pub struct MalformedTilePath;

/// These leaves don't fill that tile.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("tile {tile:?} needs {needed} leaves, and {held} are at hand")]
pub struct TileError {
    /// The tile asked for.
    pub tile: Tile,
    /// Leaves needed.
    pub needed: u64,
    /// Leaves at hand.
    pub held: usize,
}

/// The place of one tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tile {
    /// 0 holds leaf hashes; each hash of level n+1 is the root of a full tile of n.
    pub level: u8,
    /// Which tile of its level, from 0.
    pub index: u64,
    /// Hashes in it, 1 to 256; fewer than 256 make it a partial tile.
    pub width: u16,
}

/// What a path under `tile/` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TilePath {
    /// `tile/<level>/<index>`: hashes.
    Hashes(Tile),
    /// `tile/entries/<index>`: the entries of the level-0 tile with the same index and
    /// width.
    Entries(Tile),
}

impl Tile {
    /// The path, without a leading slash: `tile/0/x001/234.p/5`.
    pub fn path(self) -> String {
        format!("tile/{}/{}", self.level, self.suffix())
    }

    /// The path of the bundle with this tile's entries: `tile/entries/x001/234.p/5`.
    pub fn entries_path(self) -> String {
        format!("tile/entries/{}", self.suffix())
    }

    fn suffix(self) -> String {
        let mut groups = vec![format!("{:03}", self.index % 1000)];
        let mut rest = self.index / 1000;
        while rest > 0 {
            groups.push(format!("x{:03}", rest % 1000));
            rest /= 1000;
        }
        groups.reverse();
        let mut path = groups.join("/");
        if self.width < TILE_WIDTH {
            path.push_str(&format!(".p/{}", self.width));
        }
        path
    }

    /// Leaves under one hash of this tile, `None` beyond any log.
    fn span(self) -> Option<u64> {
        (self.level <= MAX_LEVEL).then(|| 1 << (8 * u32::from(self.level)))
    }

    /// The number of leaves a log must have for this tile to be whole: tells whether
    /// it may be served for the published size. `None` for a tile that no log has.
    pub fn leaves_needed(self) -> Option<u64> {
        if !(1..=TILE_WIDTH).contains(&self.width) {
            return None;
        }
        let hashes = self.index.checked_mul(u64::from(TILE_WIDTH))?;
        let hashes = hashes.checked_add(u64::from(self.width))?;
        hashes
            .checked_mul(self.span()?)
            .filter(|leaves| *leaves <= MAX_SIZE)
    }

    /// The tiles that a log of `new` leaves has and one of `old` leaves hadn't: what
    /// to write when publishing. A log that grew by n has about n/256 full tiles and
    /// at most one partial tile per level.
    pub fn added(old: u64, new: u64) -> impl Iterator<Item = Self> {
        let new = new.min(MAX_SIZE);
        (0..=MAX_LEVEL).flat_map(move |level| {
            let shift = 8 * u32::from(level);
            let (had, has) = (old >> shift, new >> shift);
            let full = (had / 256..has / 256).map(move |index| Self {
                level,
                index,
                width: TILE_WIDTH,
            });
            let width = u16::try_from(has % 256).unwrap_or(0);
            let partial = (has > had && width > 0).then_some(Self {
                level,
                index: has / 256,
                width,
            });
            full.chain(partial)
        })
    }
}

/// The bytes of a tile: `width` hashes of 32 bytes.
///
/// # Errors
/// When `leaves` (all leaf hashes from the first on) don't fill it.
pub fn tile(leaves: &[Hash], tile: Tile) -> Result<Vec<u8>, TileError> {
    let needed = tile.leaves_needed();
    let short = TileError {
        tile,
        needed: needed.unwrap_or(u64::MAX),
        held: leaves.len(),
    };
    let (Some(end), Some(span)) = (needed, tile.span()) else {
        return Err(short);
    };
    let start = end - span * u64::from(tile.width);
    let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    let part = range.and_then(|(start, end)| leaves.get(start..end));
    let (Some(part), Ok(span)) = (part, usize::try_from(span)) else {
        return Err(short);
    };
    Ok(part.chunks(span).flat_map(root).collect())
}

/// The bundle of a level-0 tile's entries: each with its length as two bytes, big
/// endian. Our entries are commitments, 32 bytes each.
pub fn entry_bundle(commitments: &[Hash]) -> Vec<u8> {
    let entry = |commitment: &Hash| [&[0, 32], commitment.as_slice()].concat();
    commitments.iter().flat_map(entry).collect()
}

/// Reads the path of a tile or of a bundle of entries, without a leading slash. Only
/// the one spelling that [`Tile::path`] gives is taken.
///
/// # Errors
/// For anything else.
pub fn parse_tile_path(path: &str) -> Result<TilePath, MalformedTilePath> {
    // The longest path of a u64 index has 48 bytes.
    if path.len() > 64 {
        return Err(MalformedTilePath);
    }
    parse(path).ok_or(MalformedTilePath)
}

fn parse(path: &str) -> Option<TilePath> {
    let (kind, rest) = path.strip_prefix("tile/")?.split_once('/')?;
    let (number, width) = match rest.split_once(".p/") {
        None => (rest, TILE_WIDTH),
        Some((number, width)) => {
            let width: u16 = decimal(width)?.try_into().ok()?;
            (number, (1..TILE_WIDTH).contains(&width).then_some(width)?)
        }
    };
    let mut index: u64 = 0;
    let mut groups = number.split('/').peekable();
    let mut leading = true;
    while let Some(group) = groups.next() {
        let more = groups.peek().is_some();
        let digits = if more {
            group.strip_prefix('x')?
        } else {
            group
        };
        if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let group: u64 = digits.parse().ok()?;
        if more && leading && group == 0 {
            return None;
        }
        leading = false;
        index = index.checked_mul(1000)?.checked_add(group)?;
    }
    let tile = |level| Tile {
        level,
        index,
        width,
    };
    if kind == "entries" {
        return Some(TilePath::Entries(tile(0)));
    }
    let level: u8 = decimal(kind)?.try_into().ok()?;
    (level <= 63).then(|| TilePath::Hashes(tile(level)))
}

/// Decimal digits without a leading zero.
fn decimal(text: &str) -> Option<u64> {
    let canonical = text == "0" || !text.starts_with('0');
    if !canonical || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::hash::{leaf_hash, node_hash};

    fn leaves(count: u32) -> Vec<Hash> {
        (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
    }

    #[test]
    fn paths_are_those_of_the_specification() {
        let check = |level, index, width, path: &str| {
            let tile = Tile {
                level,
                index,
                width,
            };
            assert_eq!(tile.path(), path);
            assert_eq!(parse_tile_path(path), Ok(TilePath::Hashes(tile)));
        };
        check(0, 0, 256, "tile/0/000");
        check(0, 1234, 5, "tile/0/x001/234.p/5");
        check(2, 1_234_067, 256, "tile/2/x001/x234/067");
        check(63, 1000, 255, "tile/63/x001/000.p/255");
        let bundle = Tile {
            level: 0,
            index: 1234,
            width: 5,
        };
        assert_eq!(bundle.entries_path(), "tile/entries/x001/234.p/5");
        assert_eq!(
            parse_tile_path("tile/entries/x001/234.p/5"),
            Ok(TilePath::Entries(bundle))
        );
    }

    #[test]
    fn a_second_spelling_of_a_path_is_refused() {
        for path in [
            "",
            "/tile/0/000",
            "tile/0/0",
            "tile/00/000",
            "tile/64/000",
            "tile/-1/000",
            "tile/0/x000/001",
            "tile/0/001/234",
            "tile/0/x001",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/05",
            "tile/0/000.p/+5",
            "tile/0/000.p/5/6",
            "tile/0/000/",
            "tile/0/../000",
            "tile/0/x999/x999/x999/x999/x999/x999/999",
        ] {
            assert_eq!(parse_tile_path(path), Err(MalformedTilePath), "{path}");
        }
    }

    #[test]
    fn tiles_hold_leaves_below_and_roots_of_full_tiles_above() {
        let leaves = leaves(520);
        let bytes = |level, index, width| {
            tile(
                &leaves,
                Tile {
                    level,
                    index,
                    width,
                },
            )
            .unwrap()
        };
        assert_eq!(bytes(0, 2, 8), leaves[512..520].concat());
        assert_eq!(bytes(0, 1, 256), leaves[256..512].concat());
        assert_eq!(
            bytes(1, 0, 2),
            [root(&leaves[..256]), root(&leaves[256..512])].concat()
        );
        // From two hashes of level 1 and the rest, anybody gets the root.
        let upper = node_hash(&root(&leaves[..256]), &root(&leaves[256..512]));
        assert_eq!(node_hash(&upper, &root(&leaves[512..])), root(&leaves));
    }

    #[test]
    fn a_tile_that_the_log_does_not_fill_is_refused() {
        let leaves = leaves(300);
        for (level, index, width) in [
            (0, 1, 45),
            (0, 2, 1),
            (1, 0, 2),
            (7, 0, 1),
            (0, u64::MAX, 256),
            (0, 0, 0),
            (0, 0, 257),
        ] {
            assert!(
                tile(
                    &leaves,
                    Tile {
                        level,
                        index,
                        width
                    }
                )
                .is_err(),
                "{level} {index} {width}"
            );
        }
        assert!(
            tile(
                &leaves,
                Tile {
                    level: 0,
                    index: 1,
                    width: 44
                }
            )
            .is_ok()
        );
        assert!(
            tile(
                &leaves,
                Tile {
                    level: 1,
                    index: 0,
                    width: 1
                }
            )
            .is_ok()
        );
    }

    #[test]
    fn the_specifications_tree_of_70000_leaves_has_its_tiles() {
        let all: Vec<Tile> = Tile::added(0, 70_000).collect();
        let count = |level, width: u16| {
            all.iter()
                .filter(|tile| tile.level == level && tile.width == width)
                .count()
        };
        assert_eq!((count(0, 256), count(0, 112)), (273, 1));
        assert_eq!((count(1, 256), count(1, 17)), (1, 1));
        assert_eq!(count(2, 1), 1);
        assert_eq!(all.len(), 273 + 1 + 1 + 1 + 1);
        assert!(
            all.iter()
                .all(|tile| tile.leaves_needed().unwrap() <= 70_000)
        );
        let grown: Vec<Tile> = Tile::added(255, 256).collect();
        assert_eq!(
            grown,
            [
                Tile {
                    level: 0,
                    index: 0,
                    width: 256
                },
                Tile {
                    level: 1,
                    index: 0,
                    width: 1
                }
            ]
        );
        assert_eq!(Tile::added(256, 256).count(), 0);
    }

    #[test]
    fn a_bundles_entries_hash_to_its_tile() {
        let commitments: Vec<Hash> = (0u8..3).map(|n| [n; 32]).collect();
        let bundle = entry_bundle(&commitments);
        let hashes: Vec<u8> = bundle
            .chunks(34)
            .flat_map(|entry| {
                assert_eq!(entry[..2], [0, 32]);
                leaf_hash(&entry[2..])
            })
            .collect();
        let leaves: Vec<Hash> = commitments.iter().map(|entry| leaf_hash(entry)).collect();
        assert_eq!(
            hashes,
            tile(
                &leaves,
                Tile {
                    level: 0,
                    index: 0,
                    width: 3
                }
            )
            .unwrap()
        );
    }

    proptest! {
        #[test]
        fn reading_a_path_never_panics_and_is_exact(
            path in "(tile/)?(0|1|63|9{1,30}|entries)/(x[0-9]{3}/){0,7}[0-9]{2,3}(\\.p/[0-9]{1,3})?|.{0,70}",
        ) {
            match parse_tile_path(&path) {
                Ok(TilePath::Hashes(tile)) => prop_assert_eq!(tile.path(), path),
                Ok(TilePath::Entries(tile)) => prop_assert_eq!(tile.entries_path(), path),
                Err(MalformedTilePath) => {}
            }
        }
    }
}
