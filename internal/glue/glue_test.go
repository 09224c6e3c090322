package glue

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write glue.wasm anew")

// file is the module, for programs that hand it in.
const file = "../../glue.wasm"

// sum is the module's SHA-256 at Version sumOf: a change of the module changes
// both.
const (
	sum   = "6674b6c7bbecb38df4849980472c528df1d42568436bf50e44088d36aca690c9"
	sumOf = "1"
)

func TestFile(t *testing.T) {
	if *update {
		if err := os.WriteFile(file, []byte(Module), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if p, err := os.ReadFile(file); err != nil || string(p) != Module {
		t.Errorf("glue.wasm is not the module (%v): go test ./internal/glue -update", err)
	}
}

// A module of another version that a program hands in must be detected.
func TestVersion(t *testing.T) {
	got := sha256.Sum256([]byte(Module))
	if hex.EncodeToString(got[:]) != sum || Version != sumOf {
		t.Errorf("the module has changed: choose another Version than %q, and set sum to %x", sumOf, got)
	}
}

// WebAssembly core specification 2.0 section 5.2.2: an unsigned integer in
// LEB128.
func leb128(n int) string {
	s := ""
	for ; n >= 0x80; n >>= 7 {
		s += string([]byte{byte(n) | 0x80})
	}
	return s + string([]byte{byte(n)})
}

// The sizes in the module are constants of their own, as are the numbers in its
// code: they must match what they describe.
func TestGlueSizes(t *testing.T) {
	tests := []struct{ name, size, of string }{
		{"Types", sizeTypes, types},
		{"Imports", sizeImports, imports},
		{"Functions", sizeFunctions, functions},
		{"Names", sizeNames, exportNames},
		{"Code", sizeCode, code},
		{"Push", sizePush, bodyPush},
		{"Keep", sizeKeep, bodyKeep},
		{"Fetch", sizeFetch, bodyFetch},
		{"OnMessage", sizeOnMessage, bodyOnMessage},
		{"OnEvent", sizeOnEvent, bodyOnEvent},
		{"Stop", sizeStop, bodyStop},
		{"Forget", sizeForget, bodyForget},
		{"Take", sizeTake, bodyTake},
		{"Drain", sizeDrain, bodyDrain},
		{"Load", sizeLoad, bodyLoad},
		{"Send", sizeSend, bodySend},
	}
	for _, test := range tests {
		if want := leb128(len(test.of)); test.size != want {
			t.Errorf("size%s = %q, want %q", test.name, test.size, want)
		}
	}
	numbers := []struct {
		name, code string
		want       int
	}{
		{"i32Small", i32Small, SmallSize}, {"i32Most", i32Most, BatchSize - HeaderSize - 3*SmallSize}, {"i32Header", i32Header, HeaderSize},
		{"i32Batch", i32Batch, BatchSize}, {"i32Memory", i32Memory, MemorySize},
	}
	for _, n := range numbers {
		if got := number128(n.code[1:]); got != n.want || n.code[:1] != "\x41" {
			t.Errorf("%s = %q is %d, want %d", n.name, n.code, got, n.want)
		}
	}
}

// number128 reads a signed integer in LEB128.
func number128(s string) (n int) {
	for i := range len(s) {
		n |= int(s[i]&0x7f) << (7 * i)
	}
	if s[len(s)-1]&0x40 != 0 {
		n -= 1 << (7 * len(s))
	}
	return n
}
