package deflate

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestNothingLeaks inflates what uses a code without symbols after messages of
// other connections: it always comes to the same, whatever they were.
func TestNothingLeaks(t *testing.T) {
	seed, err := os.ReadFile("testdata/fuzz/FuzzInflate/emptycode")
	if err != nil {
		t.Fatal(err)
	}
	var args [2]string // dictionary and payload
	for i, line := range strings.Split(string(seed), "\n")[1:3] {
		if args[i], err = strconv.Unquote(strings.TrimSuffix(strings.TrimPrefix(line, "[]byte("), ")")); err != nil {
			t.Fatal(err)
		}
	}
	dict, noDistances := []byte(args[0]), args[1]
	if _, _, err := naiveInflate(dict, []byte(noDistances), 1<<maxBits); err != errEmpty {
		t.Fatalf("the naive way: %v, want that the seed uses a code without symbols", err)
	}
	alwaysTheSame(t, dict, noDistances)
	for _, data := range []string{"\x00\x00\x00\x00", "\x5a\xa5\x5a\xa5", "\xff\xff\xff\xff"} {
		alwaysTheSame(t, dict, "\x04\xe0\x01\x00\x00\x00\x00\x00\x00\x00"+strings.Repeat(data, 50)) // no code lengths
	}
}

// alwaysTheSame inflates payload after messages of other connections.
func alwaysTheSame(t *testing.T, dict []byte, payload string) {
	var first []byte
	var firstErr error
	dicts, others := samples()
	for i, other := range others {
		d := NewDecompressor(maxBits, true)
		d.received.add(dicts[i])
		inflate(d, bytes.NewReader(other))
		d = NewDecompressor(maxBits, true)
		d.received.add(dict)
		got, err := inflate(d, strings.NewReader(payload))
		if i == 0 {
			first, firstErr = got, err
		}
		if !bytes.Equal(got, first) || err != firstErr {
			t.Fatalf("after sample %d: %d bytes, %v; after the first %d bytes, %v", i, len(got), err, len(first), firstErr)
		}
	}
}

// TestKnown holds known to be one last block that has no code for literals, and
// one for distances.
func TestKnown(t *testing.T) {
	n := &naive{in: known, window: 1 << maxBits}
	if last, kind := n.bits(1), n.bits(2); last != 1 || kind != 2 {
		t.Fatalf("last %d, kind %d; want a last block with dynamic codes", last, kind)
	}
	literals, distances := n.dynamicCodes()
	if len(literals) != 0 || len(distances) != 1 {
		t.Errorf("%d literal and %d distance codes, want none and one", len(literals), len(distances))
	}
}
