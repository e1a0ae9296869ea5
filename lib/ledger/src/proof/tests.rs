//! Roots and proofs against `ct-merkle`, an implementation that isn't ours, in both
//! directions: it verifies our proofs, we verify its.

use ct_merkle::{
    ConsistencyProof, InclusionProof, RootHash, digest::Output, mem_backed_tree::MemoryBackedTree,
};
use proptest::prelude::*;
use sha2::Sha256;

use super::*;
use crate::{Tree, leaf_hash};

type Entry = Vec<u8>;

fn entry(n: u64) -> Entry {
    format!("entry {n}").into_bytes()
}

fn hashes(count: u64) -> Vec<Hash> {
    (0..count).map(|n| leaf_hash(&entry(n))).collect()
}

fn theirs(count: u64) -> MemoryBackedTree<Sha256, Entry> {
    let mut tree = MemoryBackedTree::new();
    (0..count).for_each(|n| tree.push(entry(n)));
    tree
}

fn split(bytes: &[u8]) -> Vec<Hash> {
    bytes.as_chunks().0.to_vec()
}

fn their_root(hash: Hash, size: u64) -> RootHash<Sha256> {
    RootHash::new(Output::<Sha256>::from(hash), size)
}

fn check_inclusion(size: u64, index: u64) {
    let (ours, oracle) = (hashes(size), theirs(size));
    let at = usize::try_from(index).unwrap();
    let proof = inclusion_proof(&ours, index, size).unwrap();
    let expected = oracle.prove_inclusion(at);
    assert_eq!(proof.concat(), expected.as_bytes(), "{index} of {size}");
    verify_inclusion(&ours[at], index, size, &proof, &root(&ours)).unwrap();
    let theirs = InclusionProof::<Sha256>::try_from_bytes(proof.concat()).unwrap();
    their_root(root(&ours), size)
        .verify_inclusion(&entry(index), index, &theirs)
        .unwrap();
}

fn check_consistency(old: u64, new: u64) {
    let (ours, oracle) = (hashes(new), theirs(new));
    let old_root = root(&ours[..usize::try_from(old).unwrap()]);
    let proof = consistency_proof(&ours, old, new).unwrap();
    let expected = oracle.prove_consistency(usize::try_from(new - old).unwrap());
    verify_consistency(old, new, &old_root, &root(&ours), &proof).unwrap();
    if old < new {
        assert_eq!(proof.concat(), expected.as_bytes(), "{old} to {new}");
        verify_consistency(
            old,
            new,
            &old_root,
            &root(&ours),
            &split(expected.as_bytes()),
        )
        .unwrap();
        let theirs = ConsistencyProof::<Sha256>::try_from_bytes(proof.concat()).unwrap();
        their_root(root(&ours), new)
            .verify_consistency(&their_root(old_root, old), &theirs)
            .unwrap();
    }
}

#[test]
fn roots_agree_at_every_size_up_to_130() {
    let mut tree = Tree::new();
    let mut oracle = theirs(0);
    for n in 0..130 {
        assert_eq!(tree.append(leaf_hash(&entry(n))), n);
        oracle.push(entry(n));
        assert_eq!(
            tree.root().as_slice(),
            oracle.root().as_bytes().as_slice(),
            "{n}"
        );
        assert_eq!(root(&hashes(n + 1)), tree.root());
    }
}

#[test]
fn every_inclusion_proof_up_to_40_leaves_agrees() {
    for size in 1..=40 {
        (0..size).for_each(|index| check_inclusion(size, index));
    }
}

#[test]
fn every_consistency_proof_up_to_40_leaves_agrees() {
    for new in 1..=40 {
        (1..=new).for_each(|old| check_consistency(old, new));
    }
}

#[test]
fn an_empty_log_is_continued_by_every_log() {
    let leaves = hashes(3);
    assert_eq!(consistency_proof(&leaves, 0, 3), Ok(vec![]));
    verify_consistency(0, 3, &EMPTY_ROOT, &root(&leaves), &[]).unwrap();
    verify_consistency(0, 0, &EMPTY_ROOT, &EMPTY_ROOT, &[]).unwrap();
    let other = [1; 32];
    assert_eq!(
        verify_consistency(0, 3, &other, &other, &[]),
        Err(VerifyError::OldRoot)
    );
    assert_eq!(
        verify_consistency(0, 3, &EMPTY_ROOT, &root(&leaves), &[other]),
        Err(VerifyError::Length { found: 1 })
    );
    assert_eq!(
        verify_consistency(3, 3, &root(&leaves), &other, &[]),
        Err(VerifyError::Root)
    );
}

#[test]
fn proofs_that_can_not_exist_are_refused() {
    let leaves = hashes(5);
    assert_eq!(
        inclusion_proof(&leaves, 5, 5),
        Err(ProofError::IndexBeyond { index: 5, size: 5 })
    );
    assert_eq!(
        inclusion_proof(&leaves, 0, 6),
        Err(ProofError::TooFewLeaves { size: 6, held: 5 })
    );
    assert_eq!(
        consistency_proof(&leaves, 4, 3),
        Err(ProofError::Shrunk { old: 4, new: 3 })
    );
    let root = root(&leaves);
    assert_eq!(
        verify_inclusion(&leaves[0], 5, 5, &[], &root),
        Err(VerifyError::IndexBeyond { index: 5, size: 5 })
    );
    assert_eq!(
        verify_consistency(5, 4, &root, &root, &[]),
        Err(VerifyError::Shrunk { old: 5, new: 4 })
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn random_proofs_up_to_130_leaves_agree(size in 1u64..=130, a in any::<u64>(), b in any::<u64>()) {
        check_inclusion(size, a % size);
        check_consistency(b % size + 1, size);
    }

    #[test]
    fn one_bit_anywhere_spoils_an_inclusion_proof(
        size in 1u64..=130, pick in any::<u64>(), bit in 0usize..256, place in any::<usize>(),
    ) {
        let leaves = hashes(size);
        let index = pick % size;
        let mut parts = vec![leaves[usize::try_from(index).unwrap()], root(&leaves)];
        parts.extend(inclusion_proof(&leaves, index, size).unwrap());
        verify_inclusion(&parts[0], index, size, &parts[2..], &parts[1]).unwrap();
        let at = place % parts.len();
        parts[at][bit / 8] ^= 1 << (bit % 8);
        prop_assert_eq!(
            verify_inclusion(&parts[0], index, size, &parts[2..], &parts[1]),
            Err(VerifyError::Root)
        );
        parts[at][bit / 8] ^= 1 << (bit % 8);
        // Shorter, longer, another place.
        parts.push([0; 32]);
        prop_assert!(verify_inclusion(&parts[0], index, size, &parts[2..], &parts[1]).is_err());
        parts.pop();
        if parts.len() > 2 {
            let short = &parts[2..parts.len() - 1];
            prop_assert!(verify_inclusion(&parts[0], index, size, short, &parts[1]).is_err());
            let beside = (index + 1) % size;
            prop_assert!(verify_inclusion(&parts[0], beside, size, &parts[2..], &parts[1]).is_err());
        }
    }

    #[test]
    fn one_bit_anywhere_spoils_a_consistency_proof(
        new in 2u64..=130, pick in any::<u64>(), bit in 0usize..256, place in any::<usize>(),
    ) {
        let leaves = hashes(new);
        let old = pick % (new - 1) + 1;
        let mut parts = vec![root(&leaves[..usize::try_from(old).unwrap()]), root(&leaves)];
        parts.extend(consistency_proof(&leaves, old, new).unwrap());
        verify_consistency(old, new, &parts[0], &parts[1], &parts[2..]).unwrap();
        parts.push([0; 32]);
        prop_assert!(verify_consistency(old, new, &parts[0], &parts[1], &parts[2..]).is_err());
        parts.pop();
        let short = &parts[2..parts.len() - 1];
        prop_assert!(verify_consistency(old, new, &parts[0], &parts[1], short).is_err());
        let at = place % parts.len();
        parts[at][bit / 8] ^= 1 << (bit % 8);
        prop_assert!(verify_consistency(old, new, &parts[0], &parts[1], &parts[2..]).is_err());
    }

    #[test]
    fn verifying_garbage_never_panics(
        sizes in any::<(u64, u64)>(), proof in proptest::collection::vec(any::<[u8; 32]>(), 0..70),
    ) {
        let (a, b) = sizes;
        prop_assert!(verify_inclusion(&[1; 32], a, b, &proof, &[2; 32]).is_err());
        prop_assert!(verify_consistency(a, b, &[1; 32], &[2; 32], &proof).is_err());
    }
}
