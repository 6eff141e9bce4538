package main

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// A job is proofs to check against one checkpoint; hashes and leaves are base64, as JSON has bytes.
type job struct {
	Checkpoint string
	Inclusion  []struct {
		Index int64
		// The entry itself, or the hash of its leaf.
		Entry []byte
		Leaf  []byte
		Proof [][]byte
	}
	Consistency []struct {
		OldSize int64
		OldRoot []byte
		Proof   [][]byte
	}
}

func (j job) check(verifierKey string) (string, error) {
	tree, err := openCheckpoint([]byte(j.Checkpoint), verifierKey)
	if err != nil {
		return "", err
	}
	for _, claim := range j.Inclusion {
		leaf := tlog.RecordHash(claim.Entry)
		if claim.Entry == nil {
			if leaf, err = toHash(claim.Leaf); err != nil {
				return "", err
			}
		}
		proof, err := toHashes(claim.Proof)
		if err != nil {
			return "", err
		}
		if err := tlog.CheckRecord(tlog.RecordProof(proof), tree.size, tree.root, claim.Index, leaf); err != nil {
			return "", fmt.Errorf("record %d: %w", claim.Index, err)
		}
	}
	for _, claim := range j.Consistency {
		root, err := toHash(claim.OldRoot)
		if err != nil {
			return "", err
		}
		proof, err := toHashes(claim.Proof)
		if err != nil {
			return "", err
		}
		if err := tlog.CheckTree(tlog.TreeProof(proof), tree.size, tree.root, claim.OldSize, root); err != nil {
			return "", fmt.Errorf("old tree of %d: %w", claim.OldSize, err)
		}
	}
	return fmt.Sprintf("good: %d records, %d older trees\n", len(j.Inclusion), len(j.Consistency)), nil
}

func toHashes(list [][]byte) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(list))
	for i, bytes := range list {
		hash, err := toHash(bytes)
		if err != nil {
			return nil, err
		}
		hashes[i] = hash
	}
	return hashes, nil
}

func toHash(bytes []byte) (hash tlog.Hash, err error) {
	if len(bytes) != tlog.HashSize {
		return hash, fmt.Errorf("a hash of %d octets", len(bytes))
	}
	copy(hash[:], bytes)
	return hash, nil
}
