//go:build !js

package legacy

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// vectors are the examples of draft-hixie-thewebsocketprotocol-76: sections 1.2
// (which is also in many other places), 1.3 and 5.2.
var vectors = []struct{ key1, key2, behind, answer string }{
	{"4 @1  46546xW%0l 1 5", "12998 5 Y3 1  .P00", "^n:ds[4U", "8jKS'y:G*Co,Wxa-"},
	{"18x 6]8vM;54 *(5:  {   U1]8  z [  8", "1_ tx7X d  <  nw  334J702) 7]o}` 0", "Tm[K T2u", "fQJ,fN/4F4!~K~MH"},
	{"3e6b263  4 17 80", "17  9 G`ZD9   2 2b 7X 3 /r90", "WjN}|M(6", "n`9eBk9z$R8pOtVb"},
}

func TestChallenge(t *testing.T) {
	for _, v := range vectors {
		part1, problem1 := keyPart(v.key1)
		part2, problem2 := keyPart(v.key2)
		if problem1 != "" || problem2 != "" {
			t.Errorf("%q: %s; %q: %s", v.key1, problem1, v.key2, problem2)
		}
		if got := answerKeys(part1, part2, [8]byte([]byte(v.behind))); string(got[:]) != v.answer {
			t.Errorf("%q and %q: %q, want %q", v.key1, v.key2, got, v.answer)
		}
	}
}

// hixie-76 section 5.2: a key is a number of 32 bits that is a multiple of its
// spaces, of which there are some.
func TestKeyPart(t *testing.T) {
	for _, tt := range []struct {
		key     string
		part    uint32
		problem string
	}{
		{"4294967295 ", 4294967295, ""},
		{" 0", 0, ""},
		{"a1b2 c", 12, ""},
		{"1 2 ", 6, ""},
		{"", 0, "no digit"},
		{"  ", 0, "no digit"},
		{"abc def", 0, "no digit"},
		{"12", 0, "no space"},
		{"1\t2", 0, "no space"},
		{"1 3 ", 0, "not a multiple"},
		{"4294967296 ", 0, "over 4,294,967,295"},
		{strings.Repeat("9", 1<<16) + " ", 0, "over 4,294,967,295"},
		{strings.Repeat(" ", 1<<16) + "1", 0, "not a multiple"},
		{strings.Repeat("0", 1<<16) + " 8", 8, ""},
		{"1\xd9\xa1 ", 1, ""}, // digits of other scripts are none
	} {
		part, problem := keyPart(tt.key)
		if part != tt.part || tt.problem == "" && problem != "" || !strings.Contains(problem, tt.problem) {
			t.Errorf("%.20q: %d %q, want %d %q", tt.key, part, problem, tt.part, tt.problem)
		}
	}
}

// hixie-76 section 4.1 items 16 to 22: 1 to 12 spaces, none of them first or
// last, 1 to 12 other characters, and a number that fits.
func TestNewKey(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	counts := map[int]bool{}
	for range 20_000 {
		key, part := newKey(random)
		got, problem := keyPart(key)
		if problem != "" || got != part {
			t.Fatalf("%q: %d %s, want %d", key, got, problem, part)
		}
		spaces, others := strings.Count(key, " "), 0
		counts[spaces] = true
		for _, c := range []byte(key) {
			switch {
			case c < ' ' || c > '~':
				t.Fatalf("%q has the byte %#x", key, c)
			case c != ' ' && (c < '0' || c > '9'):
				others++
			}
		}
		if key[0] == ' ' || key[len(key)-1] == ' ' || spaces > 12 || others < 1 || others > 12 {
			t.Fatalf("%q: %d spaces, %d other characters", key, spaces, others)
		}
	}
	if len(counts) != 12 {
		t.Errorf("numbers of spaces: %v, want 1 to 12", counts)
	}
}

// A key of any bytes is judged in linear time, and what is accepted is a
// multiple.
func FuzzKeyPart(f *testing.F) {
	for _, v := range vectors {
		f.Add(v.key1)
		f.Add(v.key2)
	}
	f.Fuzz(func(t *testing.T, key string) {
		part, problem := keyPart(key)
		if problem == "" && uint64(part)*uint64(strings.Count(key, " ")) > 1<<32-1 {
			t.Errorf("%q: %d", key, part)
		}
	})
}
