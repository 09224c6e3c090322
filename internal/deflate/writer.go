package deflate

import (
	"sync"

	"github.com/klauspost/compress/flate"
)

// writer is a writer of the flate library with its buffers.
type writer struct {
	w    *flate.Writer
	out  output
	dict [1 << takeoverBits]byte // the library retains the slice it is given
	home *sync.Pool
}

// output collects what a writer writes.
type output struct{ p []byte }

func (o *output) Write(p []byte) (int, error) {
	o.p = append(o.p, p...)
	return len(p), nil
}

// The pools of writers: those with a window of 15 bits by level, those with a
// smaller one, which know one level only, by bits.
var (
	byLevel [10]sync.Pool
	byBits  [maxBits]sync.Pool
)

// takeLevel returns a writer that starts from dict and appends to dst. Its
// matches reach up to 32,768 bytes back.
func takeLevel(level int, dict, dst []byte) *writer {
	w, _ := byLevel[level].Get().(*writer)
	if w == nil {
		w = &writer{home: &byLevel[level]}
		w.made(flate.NewWriter(&w.out, level))
	}
	return w.start(dict, dst)
}

// takeBits is takeLevel for a writer whose matches reach 2^bits bytes back.
func takeBits(bits int, dict, dst []byte) *writer {
	w, _ := byBits[bits].Get().(*writer)
	if w == nil {
		w = &writer{home: &byBits[bits]}
		w.made(flate.NewWriterWindow(&w.out, 1<<bits))
	}
	return w.start(dict, dst)
}

func (w *writer) made(lib *flate.Writer, err error) {
	if err != nil {
		panic("deflate: " + err.Error()) // NewCompressor clamps level and bits
	}
	w.w = lib
}

func (w *writer) start(dict, dst []byte) *writer {
	w.out.p = dst
	w.w.ResetDict(&w.out, w.dict[:copy(w.dict[:], dict)])
	return w
}

// flush compresses p up to a byte boundary, after what was appended to dst. It
// cannot fail: output accepts everything.
func (w *writer) flush(p []byte) {
	w.w.Write(p)
	w.w.Flush()
}

// put returns the writer to its pool, and returns what it wrote.
func (w *writer) put() []byte {
	out := w.out.p
	w.out.p = nil
	w.home.Put(w)
	return out
}
