package deflate

import (
	"bytes"
	"io"
	"runtime"
	"testing"
)

const bombBytes = 16 << 20

// bomb returns a payload that inflates to a thousand times its size.
func bomb(t *testing.T) []byte {
	t.Helper()
	payload := NewCompressor(1, 15, false).Append(nil, make([]byte, bombBytes))
	if len(payload) > bombBytes/900 {
		t.Fatalf("the bomb is of %d bytes", len(payload))
	}
	return payload
}

// allocated returns how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// What an inflater may allocate: its windows and tables, not what comes out.
const inflaterBytes = 512 << 10

// Reading stops where the caller stops: a limit on what is read is a limit on
// work and memory.
func TestBombStopped(t *testing.T) {
	payload := bytes.NewReader(bomb(t))
	size := payload.Len()
	if n := allocated(func() {
		m := NewDecompressor(15, true).Open(payload)
		defer m.Close()
		if _, err := io.CopyN(io.Discard, m, 1024); err != nil {
			t.Fatal(err)
		}
	}); n > inflaterBytes {
		t.Errorf("%d bytes were allocated for 1024", n)
	}
	// A window of zeros takes 32 bytes or so; what is read ahead is 512 bytes.
	if taken := size - payload.Len(); taken > 1024 {
		t.Errorf("%d bytes of the payload were taken for 1024", taken)
	}
}

// A bomb that is read to its end, as a stream, needs no more memory either.
func TestBombStreamed(t *testing.T) {
	payload := bomb(t)
	d := NewDecompressor(15, true)
	buf := make([]byte, 32<<10)
	var total int64
	if n := allocated(func() {
		m := d.Open(bytes.NewReader(payload))
		defer m.Close()
		for {
			n, err := m.Read(buf)
			total += int64(n)
			d.received.add(buf[:n])
			if err == io.EOF {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}); n > inflaterBytes {
		t.Errorf("%d bytes were allocated", n)
	}
	if total != bombBytes {
		t.Errorf("%d bytes came out", total)
	}
	if d.Held() > 1<<15 {
		t.Errorf("%d bytes are held", d.Held())
	}
}
