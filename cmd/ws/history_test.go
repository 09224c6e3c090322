package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestHistoryLimit(t *testing.T) {
	file := filepath.Join(t.TempDir(), "history")
	if err := os.WriteFile(file, []byte(strings.Repeat("a\nb\n", maxHistory)), 0o600); err != nil {
		t.Fatal(err)
	}
	h, err := loadHistory(file)
	if err != nil || h.Len() != maxHistory || h.At(0) != "b" || h.At(maxHistory-1) != "a" {
		t.Fatalf("%d entries, %v", h.Len(), err)
	}
	h.Add("b")
	h.Add("")
	h.Add("c")
	if err := errors.Join(h.err, h.trim()); err != nil || h.Len() != maxHistory || h.At(0) != "c" || h.At(1) != "b" {
		t.Fatalf("%d entries, %v", h.Len(), err)
	}
	if data, err := os.ReadFile(file); err != nil || strings.Count(string(data), "\n") != maxHistory {
		t.Errorf("the file has %d lines, %v", strings.Count(string(data), "\n"), err)
	}
}
