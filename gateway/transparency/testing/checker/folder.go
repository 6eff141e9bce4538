package main

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

const tileWidth = 256

// checkFolder checks that the tiles in a folder are those of its signed checkpoint, all of them, and that the entries
// that are there hash to them. Tiles of an older, smaller tree must agree too; what is beyond the checkpoint is let be,
// since a log writes its tiles first.
func checkFolder(dir, verifierKey string) (string, error) {
	signed, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return "", err
	}
	tree, err := openCheckpoint(signed, verifierKey)
	if err != nil {
		return "", err
	}
	levels, err := readLevels(dir, tree.size)
	if err != nil {
		return "", err
	}
	if root := rootOf(levels); root != tree.root {
		return "", fmt.Errorf("checkpoint: its root is %v, that of the tiles %v", tree.root, root)
	}
	tiles, bundles, err := checkFiles(dir, levels)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("good: %d leaves, %d tiles, %d bundles\n", tree.size, tiles, bundles), nil
}

// readLevels reads the hashes of all levels and checks those of each against the level below.
func readLevels(dir string, size int64) ([][]tlog.Hash, error) {
	var levels [][]tlog.Hash
	for level, count := 0, size; count > 0; level, count = level+1, count/tileWidth {
		var hashes []tlog.Hash
		for index := int64(0); index*tileWidth < count; index++ {
			width := min(tileWidth, count-index*tileWidth)
			path := tilePath(strconv.Itoa(level), index, width)
			data, err := os.ReadFile(filepath.Join(dir, path))
			if err != nil {
				return nil, err
			}
			if int64(len(data)) != width*tlog.HashSize {
				return nil, fmt.Errorf("%s: %d octets for %d hashes", path, len(data), width)
			}
			hashes = append(hashes, split(data)...)
		}
		if level > 0 {
			for i, hash := range hashes {
				below := levels[level-1][i*tileWidth : (i+1)*tileWidth]
				if fold(below) != hash {
					return nil, fmt.Errorf("hash %d of level %d: not that of tile %d below", i, level, i)
				}
			}
		}
		levels = append(levels, hashes)
	}
	return levels, nil
}

// checkFiles walks all files below tile/: a tile must agree with the hashes of its level, a bundle with level 0.
func checkFiles(dir string, levels [][]tlog.Hash) (tiles, bundles int, err error) {
	root := filepath.Join(dir, "tile")
	if len(levels) == 0 {
		return 0, 0, nil
	}
	err = filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, file)
		if err != nil {
			return err
		}
		level, index, width, err := parsePath(filepath.ToSlash(name))
		if err != nil {
			return err
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var found []tlog.Hash
		if level == "entries" {
			bundles++
			level = "0"
			if found, err = hashBundle(data); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		} else {
			tiles++
			if len(data)%tlog.HashSize != 0 {
				return fmt.Errorf("%s: not whole hashes", name)
			}
			found = split(data)
		}
		if int64(len(found)) != width {
			return fmt.Errorf("%s: %d where %d belong", name, len(found), width)
		}
		number, err := strconv.Atoi(level)
		if err != nil || number >= len(levels) {
			return err
		}
		for i, hash := range found {
			at := index*tileWidth + int64(i)
			if at < int64(len(levels[number])) && levels[number][at] != hash {
				return fmt.Errorf("%s: number %d is not that of the tree", name, i)
			}
		}
		return nil
	})
	return tiles, bundles, err
}

// hashBundle reads entries, each after its length in two octets, and hashes them.
func hashBundle(data []byte) ([]tlog.Hash, error) {
	var hashes []tlog.Hash
	for rest := data; len(rest) > 0; {
		if len(rest) < 2 {
			return nil, fmt.Errorf("an entry's length is cut off")
		}
		length := int(binary.BigEndian.Uint16(rest))
		if len(rest) < 2+length {
			return nil, fmt.Errorf("an entry is cut off")
		}
		hashes = append(hashes, tlog.RecordHash(rest[2:2+length]))
		rest = rest[2+length:]
	}
	return hashes, nil
}

// rootOf folds the right edge of the tree: of each level what is not in a whole tile yet, to the left of what came
// from below.
func rootOf(levels [][]tlog.Hash) tlog.Hash {
	if len(levels) == 0 {
		return emptyRoot
	}
	var edge []tlog.Hash
	for level := range levels {
		hashes := levels[level]
		whole := len(hashes) / tileWidth * tileWidth
		if level == len(levels)-1 {
			whole = 0
		}
		row := append(append([]tlog.Hash{}, hashes[whole:]...), edge...)
		edge = nil
		if len(row) > 0 {
			edge = []tlog.Hash{fold(row)}
		}
	}
	return edge[0]
}

// fold is the root over hashes, by the definition: the left part is the largest power of two below their number.
func fold(hashes []tlog.Hash) tlog.Hash {
	if len(hashes) == 1 {
		return hashes[0]
	}
	left := 1
	for left*2 < len(hashes) {
		left *= 2
	}
	return tlog.NodeHash(fold(hashes[:left]), fold(hashes[left:]))
}

func split(data []byte) []tlog.Hash {
	hashes := make([]tlog.Hash, len(data)/tlog.HashSize)
	for i := range hashes {
		copy(hashes[i][:], data[i*tlog.HashSize:])
	}
	return hashes
}

// tilePath is the path of C2SP tlog-tiles, which has no height in it.
func tilePath(level string, index, width int64) string {
	name := fmt.Sprintf("%03d", index%1000)
	for index /= 1000; index > 0; index /= 1000 {
		name = fmt.Sprintf("x%03d/%s", index%1000, name)
	}
	if width != tileWidth {
		name += fmt.Sprintf(".p/%d", width)
	}
	return "tile/" + level + "/" + name
}

// parsePath reads a path and refuses every second spelling of one.
func parsePath(path string) (level string, index, width int64, err error) {
	width = tileWidth
	parts := strings.Split(path, "/")
	if len(parts) < 3 {
		return "", 0, 0, fmt.Errorf("%s: not the path of a tile", path)
	}
	level = parts[1]
	groups := parts[2:]
	if last := len(groups) - 1; last > 0 && strings.HasSuffix(groups[last-1], ".p") {
		width, _ = strconv.ParseInt(groups[last], 10, 64)
		groups = groups[:last]
	}
	for _, group := range groups {
		digits := strings.TrimSuffix(strings.TrimPrefix(group, "x"), ".p")
		number, _ := strconv.ParseInt(digits, 10, 64)
		index = index*1000 + number
	}
	if tilePath(level, index, width) != path {
		return "", 0, 0, fmt.Errorf("%s: not the path of a tile", path)
	}
	return level, index, width, nil
}

func min(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}

var emptyRoot = tlog.Hash{
	0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
	0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
}
