package main

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// A checkpoint is a tree at one moment. (C2SP tlog-checkpoint)
type checkpoint struct {
	origin string
	size   int64
	root   tlog.Hash
}

func parseCheckpoint(text string) (checkpoint, error) {
	var c checkpoint
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[0] == "" {
		return c, errors.New("checkpoint: fewer than three lines")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return c, errors.New("checkpoint: its size is no number")
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return c, errors.New("checkpoint: its root is no hash")
	}
	c.origin, c.size = lines[0], size
	copy(c.root[:], root)
	return c, nil
}

// openCheckpoint opens a signed note and reads the checkpoint in it, which the key's name must be the origin of.
func openCheckpoint(signed []byte, verifierKey string) (checkpoint, error) {
	text, err := openNote(signed, verifierKey)
	if err != nil {
		return checkpoint{}, err
	}
	c, err := parseCheckpoint(text)
	if err == nil && c.origin != verifierKey[:strings.Index(verifierKey, "+")] {
		err = errors.New("checkpoint: of another log, " + c.origin)
	}
	return c, err
}
