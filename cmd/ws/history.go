package main

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxHistory is how many lines of history are kept.
const maxHistory = 1000

// lines are the history of a prompt, oldest first. It is a term.History.
type lines struct {
	entries []string
	file    string // "" for none
	err     error  // of the last write
}

// historyFile is the default file: in the user's state folder (XDG Base
// Directory Specification), "" if there is none.
func historyFile() string {
	dir := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(dir) {
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		dir = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(dir, "ws", "history")
}

// loadHistory reads a history file, which need not exist.
func loadHistory(file string) (*lines, error) {
	h := &lines{file: file}
	if file == "" {
		return h, nil
	}
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return h, nil
	} else if err != nil {
		return h, err
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		h.push(s.Text())
	}
	return h, s.Err()
}

// push adds an entry, except an empty one and one like the last.
func (h *lines) push(entry string) bool {
	if entry == "" || len(h.entries) > 0 && h.entries[len(h.entries)-1] == entry {
		return false
	}
	h.entries = append(h.entries, entry)
	if n := len(h.entries) - maxHistory; n > 0 {
		h.entries = append(h.entries[:0], h.entries[n:]...)
	}
	return true
}

// Add adds a line to the history and its file.
func (h *lines) Add(entry string) {
	if h.push(entry) && h.file != "" {
		h.err = h.append(entry)
	}
}

// append adds a line to the file, which only its owner may read: messages can
// be secrets.
func (h *lines) append(entry string) error {
	if err := os.MkdirAll(filepath.Dir(h.file), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(h.file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(entry + "\n")
	return errors.Join(err, f.Close())
}

// trim rewrites a file that has grown to twice what is kept.
func (h *lines) trim() error {
	if h.file == "" {
		return nil
	}
	data, err := os.ReadFile(h.file)
	if err != nil || strings.Count(string(data), "\n") < 2*maxHistory {
		return nil
	}
	return os.WriteFile(h.file, []byte(strings.Join(h.entries, "\n")+"\n"), 0o600)
}

// Len returns the number of entries.
func (h *lines) Len() int { return len(h.entries) }

// At returns an entry; 0 is the newest.
func (h *lines) At(i int) string { return h.entries[len(h.entries)-1-i] }

// search returns the newest entry that contains text and is older than before,
// an index as of At; -1 if there is none.
func (h *lines) search(text string, before int) int {
	for i := before + 1; i < h.Len(); i++ {
		if strings.Contains(h.At(i), text) {
			return i
		}
	}
	return -1
}
