package deflate

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"
)

// same holds what this package makes of a payload against the naive way.
func same(t *testing.T, dict, payload []byte) {
	t.Helper()
	want, lasts, wantErr := naiveInflate(dict, payload, 1<<maxBits)
	d := NewDecompressor(maxBits, true)
	d.received.add(dict)
	got, err := inflate(d, bytes.NewReader(payload))
	switch {
	case errors.Is(wantErr, errEmpty) && err == nil:
		// The library uses the code of the block before, if there is one. See
		// TestNothingLeaks for what matters.
	case wantErr != nil || lasts > maxLastBlocks:
		if !errors.Is(err, ErrCorrupt) {
			t.Errorf("% x: %d bytes, %v; the naive way says %v", payload, len(got), err, wantErr)
		}
	case err != nil || !bytes.Equal(got, want):
		t.Errorf("% x: %q, %v; the naive way says %q", payload, got, err, want)
	}
	sameWhole(t, dict, payload, got, err)
}

// sameWhole holds Whole to what Open made of a payload, whatever room there is
// for the message and behind the payload, and whatever the limit.
func sameWhole(t *testing.T, dict, payload, want []byte, wantErr error) {
	t.Helper()
	const before = "before"
	for _, room := range []int{0, len(want) - 1, len(want), len(want) + 1, len(want) + len(mark), len(want) + 100} {
		for _, limit := range []int{0, len(want) / 2, len(want) - 1, len(want), math.MaxInt} {
			if limit < 0 {
				continue
			}
			d := NewDecompressor(maxBits, true)
			d.received.add(dict)
			dst := append(make([]byte, 0, len(before)+max(room, 0)), before...)
			src := append(make([]byte, 0, len(payload)+room%20+1), payload...)
			got, err := d.Whole(dst, src, int64(limit))
			right := false
			switch err {
			case nil:
				right = wantErr == nil && limit >= len(want) && string(got) == before+string(want)
			case ErrOver:
				right = limit < len(want) && string(got) == before+string(want[:limit])
			case ErrOdd:
				right = string(got) == before
			}
			if spare := got[len(got):cap(got)]; err == nil && bytes.Contains(spare, []byte(mark[:4])) {
				t.Fatalf("% x, room for %d: the mark is told: % x", payload, room, spare)
			}
			if !right {
				t.Fatalf("% x, room for %d, limit %d: %q, %v; want %q, %v", payload, room, limit, got, err, want, wantErr)
			}
			said := dict
			if err == nil {
				said = append(bytes.Clone(dict), want...)
			}
			if !bytes.HasSuffix(said, d.received.buf) || len(d.received.buf) < min(len(said), 1<<maxBits) {
				t.Fatalf("% x: what is remembered is not what was said", payload)
			}
			if len(src) > 0 && !bytes.Equal(src, payload) {
				t.Fatal("the payload was written to")
			}
		}
	}
}

// Ordinary payloads are inflated whole; what looks as if it had taken the mark
// in is left to Open, and what has taken it in is not taken for a message.
func TestWhole(t *testing.T) {
	dicts, payloads := samples()
	for i, payload := range payloads {
		d := NewDecompressor(maxBits, true)
		d.received.add(dicts[i])
		want, lasts, err := naiveInflate(dicts[i], payload, 1<<maxBits)
		got, wholeErr := d.Whole(nil, payload, int64(len(want)))
		if err != nil || (wholeErr == nil) != (lasts == 0) || wholeErr == nil && !bytes.Equal(got, want) {
			t.Errorf("sample %d: %d bytes, %v; want %d", i, len(got), wholeErr, len(want))
		}
	}
	stored := func(header byte, said string, more int) []byte {
		n := len(said) + more
		return append([]byte{header, byte(n), byte(n >> 8), ^byte(n), ^byte(n >> 8)}, said...)
	}
	all := len(marking) + len(mark)
	for name, payload := range map[string][]byte{
		"a message that ends like the marking":           append(stored(0, "Hello"+marking, 0), 0),
		"a last block that takes the marking":            stored(1, "Hello", len(marking)),
		"a last block that takes the mark":               stored(1, "Hello", all),
		"a block that takes the mark":                    stored(0, "Hello", all),
		"a block that takes more":                        stored(0, "Hello", all+1),
		"a block that takes the tail":                    stored(0, "Hello", len(tail)),
		"a last block that takes the tail":               stored(1, "Hello", len(tail)),
		"a block that takes the tail and a header":       stored(0, "Hello", len(tail)+1),
		"a message that ends like the marking, no block": stored(0, "Hello"+marking, 0),
	} {
		t.Run(name, func(t *testing.T) { same(t, nil, payload) })
	}
}

// samples are payloads of every kind of block, with what was said before.
func samples() (dicts, payloads [][]byte) {
	dict := jsonData(400, 1)
	add := func(dict []byte, payload string) {
		dicts, payloads = append(dicts, dict), append(payloads, []byte(payload))
	}
	compressed := func(level, bits int, dict, msg []byte) {
		c := NewCompressor(level, bits, true)
		c.Sent(dict)
		add(dict, string(c.Append(nil, msg)))
	}
	compressed(1, 15, dict, jsonData(100, 2))  // fixed codes
	compressed(1, 15, nil, jsonData(700, 2))   // dynamic codes
	compressed(9, 15, dict, textData(600, 2))  // lazily matched
	compressed(1, 9, dict, textData(400, 2))   // in a small window
	compressed(1, 15, nil, randomData(200, 2)) // stored, or literals alone
	add(nil, "\x00\x05\x00\xfa\xffHello\x00")
	add([]byte("Hello"), "\x01\x05\x00\xfa\xffHello\xf2\x00\x11\x00\x00")
	add(nil, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00")
	return dicts, payloads
}

// A payload cut off anywhere is not delivered as if it were whole, unless it
// is: the tail may complete a stored block.
func TestTruncated(t *testing.T) {
	dicts, payloads := samples()
	for i, payload := range payloads {
		for n := range payload {
			same(t, dicts[i], payload[:n])
		}
	}
}

// One bit wrong anywhere: an error or another message, never a panic.
func TestOneBitWrong(t *testing.T) {
	dicts, payloads := samples()
	for i, payload := range payloads {
		for bit := range 8 * len(payload) {
			bad := bytes.Clone(payload)
			bad[bit/8] ^= 1 << (bit % 8)
			same(t, dicts[i], bad)
		}
	}
}

func TestCorrupt(t *testing.T) {
	for _, c := range []struct{ section, payload string }{
		{"RFC 1951 section 3.2.3: block type 3", "\x06"},
		{"RFC 1951 section 3.2.4: NLEN is not LEN's complement", "\x00\x05\x00\xfa\xfeHello\x00"},
		{"RFC 1951 section 3.2.5: a distance before the first byte", "\xf2\x00\x11\x00\x00"},
		{"RFC 1951 section 3.2.6: length symbol 286", "\x1a\x03\x00"},
		{"RFC 1951 section 3.2.7: more than 286 literal codes", "\xfc\xff\xff\xff\xff"},
		{"RFC 7692 section 7.2.2: a stored block that wants more than there is", "\x00\x0e\x00\xf1\xffHello"},
		{"RFC 7692 section 7.2.2: a last stored block that ends in our end", "\x01\x0e\x00\xf1\xffHello"},
		{"RFC 7692 section 7.2.2: a last stored block that ends in the tail", "\x01\x09\x00\xf6\xffHello"},
	} {
		if got, err := inflate(NewDecompressor(15, true), strings.NewReader(c.payload)); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %q, %v", c.section, got, err)
		}
		same(t, nil, []byte(c.payload))
	}
}

// An empty payload lacks a byte, and is taken for an empty message.
func TestEmptyPayload(t *testing.T) {
	for _, way := range ways {
		if got, err := inflate(NewDecompressor(15, true), way.of(nil)); err != nil || len(got) != 0 {
			t.Errorf("%s: %q, %v", way.name, got, err)
		}
	}
}

// RFC 7692 section 7.2.1: a sender takes the tail off. One that leaves it on
// means what its blocks say: what section 7.2.2 puts back is then a second
// tail.
func TestTailLeftOn(t *testing.T) {
	const (
		hello   = "\xf2\x48\xcd\xc9\xc9\x07\x00"
		again   = "\xf2\x00\x11\x00\x00" // refers to a Hello before it
		last    = "\xf3\x48\xcd\xc9\xc9\x07\x00"
		stored  = "\x00\x05\x00\xfa\xffHello"
		byTails = "\x00\x04\x00\xfb\xff" + tail // holds the tail's bytes
	)
	for _, c := range []struct {
		name    string
		payload string
		want    string // "1007": it does not inflate
	}{
		{"fixed codes", hello + tail, "Hello"},
		{"referring to what was before", again + tail, "Hello"},
		{"stored", stored + "\x00" + tail, "Hello"},
		{"nothing", "\x00" + tail, ""},
		{"empty blocks before it", hello + tail + "\x00" + tail, "Hello"},
		{"many empty blocks before it", hello + strings.Repeat(tail+"\x00", 600) + tail, "Hello"},
		{"behind a last block", last + "\x00" + tail, "Hello"},
		{"behind a last block that is empty", hello + tail + "\x01" + tail + "\x00" + tail, "Hello"},
		{"taken off behind an empty block", hello + tail + "\x00", "Hello"},
		{"a message that ends like it", byTails + "\x00" + tail, tail},
		{"taken off a message that ends like it", byTails + "\x00", tail},
		{"a last block that ends like it", "\x01" + byTails[1:], tail},

		// What does not end with an empty block, though zlib makes something of
		// it.
		{"twice", hello + tail + tail, "1007"},
		{"a last block and no other", last + tail, "1007"},
		{"nothing but the tail", tail, "1007"},
		{"no empty block", stored, "1007"},
		{"no empty block, and it ends like one", byTails, "1007"},
		{"one byte of it", hello + tail[:1], "1007"},
		{"two bytes of it", hello + tail[:2], "1007"},
		{"three bytes of it", hello + tail[:3], "1007"},
		{"more than it", hello + tail + "\xff", "1007"},
		{"not the tail", hello + "\x00\x00\xff\xfe", "1007"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, way := range ways {
				d := NewDecompressor(maxBits, true)
				said := "Hello"
				d.received.add([]byte(said))
				for range 3 {
					m := d.Open(way.of([]byte(c.payload)))
					defer m.Close()
					got, err := io.ReadAll(m)
					if c.want == "1007" && errors.Is(err, ErrCorrupt) {
						break
					} else if err != nil || string(got) != c.want {
						t.Fatalf("%s: %q, %v; want %q", way.name, got, err, c.want)
					}
					m.Received()
					if said += c.want; string(d.received.buf) != said {
						t.Fatalf("%s: what is remembered is %q, want %q", way.name, d.received.buf, said)
					}
				}
			}
			same(t, []byte("Hello"), []byte(c.payload))
		})
	}
}

// Behind every kind of block, and with anything wrong about the end.
func TestTailLeftOnEverywhere(t *testing.T) {
	dicts, payloads := samples()
	for i, payload := range payloads {
		whole := append(bytes.Clone(payload), tail...)
		want, _, err := naiveInflate(dicts[i], payload, 1<<maxBits)
		if err != nil {
			t.Fatal(err)
		}
		for _, way := range ways {
			d := NewDecompressor(maxBits, true)
			d.received.add(dicts[i])
			if got, err := inflate(d, way.of(whole)); err != nil || !bytes.Equal(got, want) {
				t.Errorf("sample %d, %s: %d bytes, want %d; %v", i, way.name, len(got), len(want), err)
			}
		}
		for n := len(payload) - 3; n <= len(whole); n++ {
			same(t, dicts[i], whole[:n])
		}
		for bit := 8 * (len(payload) - 2); bit < 8*len(whole); bit++ {
			bad := bytes.Clone(whole)
			bad[bit/8] ^= 1 << (bit % 8)
			same(t, dicts[i], bad)
		}
	}
}

// Payloads come as they like, and are read in pieces of any size.
func TestPieces(t *testing.T) {
	dicts, payloads := samples()
	for i, payload := range payloads {
		want, _, err := naiveInflate(dicts[i], payload, 1<<maxBits)
		if err != nil {
			t.Fatal(err)
		}
		for _, way := range ways {
			for _, size := range []int{1, 2, 7, 512, 100000} {
				d := NewDecompressor(maxBits, true)
				d.received.add(dicts[i])
				m := d.Open(way.of(payload))
				if got, err := readBy(m, size); err != nil || !bytes.Equal(got, want) {
					t.Errorf("sample %d, %s, by %d: %d bytes, want %d; %v", i, way.name, size, len(got), len(want), err)
				}
				if n, err := m.Read(make([]byte, 1)); n != 0 || err != io.EOF {
					t.Errorf("sample %d, %s: after the end %d, %v", i, way.name, n, err)
				}
				m.Close()
			}
		}
	}
}

// readBy reads all of r with buffers of size bytes.
func readBy(r io.Reader, size int) (all []byte, err error) {
	buf := make([]byte, size)
	for {
		n, err := r.Read(buf)
		all = append(all, buf[:n]...)
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return all, err
		}
	}
}

// An error of the payload's reader, wherever it comes, is what Read returns,
// then and ever after; and the next message starts over.
func TestSourceError(t *testing.T) {
	broken := errors.New("the network broke")
	dicts, payloads := samples()
	for i, payload := range payloads {
		want, _, _ := naiveInflate(dicts[i], payload, 1<<maxBits)
		d := NewDecompressor(maxBits, true)
		d.received.add(dicts[i])
		for n := range payload {
			m := d.Open(io.MultiReader(bytes.NewReader(payload[:n]), iotest.ErrReader(broken)))
			got, err := io.ReadAll(m)
			if err != broken || !bytes.HasPrefix(want, got) {
				t.Errorf("sample %d, byte %d: %d bytes, %v", i, n, len(got), err)
			}
			if k, err := m.Read(make([]byte, 9)); k != 0 || err != broken {
				t.Errorf("sample %d, byte %d: then %d, %v", i, n, k, err)
			}
			m.Close()
		}
		if got, err := inflate(d, bytes.NewReader(payload)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("sample %d, afterwards: %d bytes, %v", i, len(got), err)
		}
	}
}

// stuck never returns a byte, nor an error.
type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

func TestNoProgress(t *testing.T) {
	if _, err := inflate(NewDecompressor(15, true), stuck{}); err != io.ErrNoProgress {
		t.Errorf("a reader that never returns anything: %v", err)
	}
}

// What is flushed can be read before anything else has come.
func TestReadBeforeTheEnd(t *testing.T) {
	msg := textData(3000, 1)
	s := NewCompressor(1, 15, true).Stream()
	defer s.Close()
	payload := s.Append(nil, msg, false)
	r, w := io.Pipe()
	defer w.Close()
	go w.Write(payload)
	m := NewDecompressor(15, true).Open(r)
	defer m.Close()
	got := make([]byte, len(msg))
	if _, err := io.ReadFull(m, got); err != nil || !bytes.Equal(got, msg) {
		t.Errorf("%v; the first piece of a message differs", err)
	}
}
