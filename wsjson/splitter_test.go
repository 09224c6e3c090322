package wsjson

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// naive divides an array as encoding/json does.
func naive(message []byte) ([]json.RawMessage, error) {
	var all []json.RawMessage
	err := json.Unmarshal(message, &all)
	return all, err
}

// divide is the splitter, over a reader of one byte at a time or of all.
func divide(r io.Reader) (all []json.RawMessage, err error) {
	s := splitter{r: r}
	for {
		data, _, err := s.next()
		if err == io.EOF {
			return all, nil
		}
		if err == nil && !json.Valid(data) {
			err = json.Unmarshal(data, new(json.RawMessage))
		}
		if err != nil {
			return all, err
		}
		all = append(all, append(json.RawMessage(nil), data...))
	}
}

// check compares the splitter with encoding/json.
func check(t *testing.T, message []byte) {
	t.Helper()
	want, wantErr := naive(message)
	for name, r := range map[string]io.Reader{
		"whole": bytes.NewReader(message), "by bytes": iotest.OneByteReader(bytes.NewReader(message)),
		"by halves": iotest.HalfReader(bytes.NewReader(message)), "EOF with data": iotest.DataErrReader(bytes.NewReader(message)),
	} {
		got, err := divide(r)
		if (err == nil) != (wantErr == nil) {
			t.Errorf("%s, %.60q: %v, want %v", name, message, err, wantErr)
			continue
		}
		if err != nil {
			continue
		}
		if len(got) != len(want) {
			t.Errorf("%s, %.60q: %q, want %q", name, message, got, want)
			continue
		}
		for i := range got {
			if !bytes.Equal(got[i], want[i]) {
				t.Errorf("%s, %.60q: element %d is %q, want %q", name, message, i, got[i], want[i])
			}
		}
	}
}

var arrays = []string{
	`[]`, `[ ]`, `[1]`, ` [ 1 , "a,]\"\\" , {"a":[1,{"b":"}"}]} , null ]` + "\n", `null`, ` null`, `[[[]],[]]`, `["\u00e9","é"]`,
	``, ` `, `[`, `]`, `[1`, `[1,`, `[1,]`, `[,1]`, `[1 2]`, `[1]2`, `{}`, `"x"`, `1`, `nul`, `nulll`, `null,`, `[1}`, `[{]`, `[{]}]`, `["]`, `["\`,
	`["\"]`, `[}]`, `[1]]`, `[tru]`, "[1\x00]", "[\"\n\"]", `[01]`,
}

// Every array, and what is none, is divided as encoding/json does.
func TestSplitter(t *testing.T) {
	for _, s := range arrays {
		check(t, []byte(s))
		for i := range s {
			check(t, []byte(s[:i]))
		}
	}
	check(t, []byte(`["`+strings.Repeat("x", 3*firstRead)+`",`+strings.Repeat(" ", 2*firstRead)+`1]`))
}

func FuzzSplitter(f *testing.F) {
	for _, s := range arrays {
		f.Add([]byte(s))
	}
	f.Fuzz(check)
}
