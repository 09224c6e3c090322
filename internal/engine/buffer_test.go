package engine

import (
	"io"
	"testing"
	"testing/synctest"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// TestInputFollows has the buffer grow while reads fill it, and shrink once
// they have not for a while.
func TestInputFollows(t *testing.T) {
	in := buffer{pace: pace{most: 2}}
	read := func(n int) (room int) {
		p := in.room()
		in.took(min(n, len(p)))
		in.skip(in.len())
		in.release()
		return len(p)
	}
	for i, step := range []struct {
		bring, room int
	}{
		{100, smallBlock}, {1 << 20, smallBlock}, {1 << 20, middleBlock}, {1 << 20, largeBlock}, {1 << 20, largeBlock}, {middleBlock + 1, largeBlock},
	} {
		if room := read(step.bring); room != step.room {
			t.Errorf("read %d: room for %d bytes, want %d", i+1, room, step.room)
		}
	}
	for _, want := range []int{largeBlock, middleBlock, smallBlock} {
		for i := range calmReads {
			if room := read(100); room != want && want != smallBlock {
				t.Errorf("small read %d: room for %d bytes, want %d", i+1, room, want)
			}
		}
	}
	if room := read(100); room != smallBlock {
		t.Errorf("after many small reads: room for %d bytes", room)
	}
}

// TestInputKeeps has the buffer change under bytes that are held.
func TestInputKeeps(t *testing.T) {
	in := buffer{pace: pace{most: 2}}
	in.adopt([]byte("adopted"))
	in.skip(2)
	for _, size := range []int{smallBlock, middleBlock, largeBlock} {
		p := in.room()
		if got := string(in.bytes()); got != "opted" || len(p) != size-len(got) {
			t.Fatalf("%q is held and there is room for %d of %d bytes", got, len(p), size)
		}
		in.took(len(p))
		in.w = in.r + len("opted")
	}
	in.skip(in.len())
	in.release()
	if in.block != nil || in.mem != nil {
		t.Error("an empty buffer is kept")
	}
}

// TestBlocks checks the lengths of blocks, and that growing keeps what is used.
func TestBlocks(t *testing.T) {
	for n, want := range map[int]int{0: smallBlock, smallBlock: smallBlock, smallBlock + 1: middleBlock,
		middleBlock + 1: largeBlock, largeBlock: largeBlock, largeBlock + 1: largeBlock + 1} {
		b := getBlock(n)
		if len(b.mem) != want {
			t.Errorf("a block for %d bytes has %d, want %d", n, len(b.mem), want)
		}
		b.n, b.payload, b.old = copy(b.mem, "used"), 3, 2
		bigger := growBlock(b, n+100_000)
		if bigger.n != 4 || bigger.payload != 3 || bigger.old != 2 {
			t.Errorf("grown, a block with 4 bytes in use, 3 of payload, 2 old, has %d, %d, %d", bigger.n, bigger.payload, bigger.old)
		}
		if string(bigger.mem[:4]) != "used" || len(bigger.mem) < n+100_000 {
			t.Errorf("grown by 100,000 a block for %d bytes has %d and begins with %q", n, len(bigger.mem), bigger.mem[:4])
		}
		if same := growBlock(bigger, n); same != bigger {
			t.Error("a block with room was changed for another")
		}
		putBlock(bigger)
	}
	putBlock(nil)
	if b := growBlock(nil, 1); len(b.mem) != smallBlock || b.n != 0 {
		t.Errorf("grown of nothing, a block has %d bytes, %d in use", len(b.mem), b.n)
	}
}

// TestReadBuffered counts the payload that came with what a Read took, until it
// is read: of data frames alone, whole or not.
func TestReadBuffered(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		want := func(when string, n int64) {
			t.Helper()
			if got := r.c.ReadBuffered(); got != n {
				r.Errorf("%s: %d bytes, want %d", when, got, n)
			}
		}
		want("new", 0)
		long := r.frame(true, frame.OpBinary, make([]byte, 5000))
		r.send(r.text("first"), r.text("second"), r.ping("ping"), r.frame(false, frame.OpText, []byte("half ")), r.frame(true, 0, []byte("third")), long[:len(long)-4900])
		r.wantRead(api.MessageText, []byte("first"))
		want("after the first", int64(len("secondhalf third")+100))
		_, s, err := r.c.Reader(background)
		if err != nil {
			r.Fatal(err)
		}
		s.Read(make([]byte, 3))
		want("in the second", int64(len("ondhalf third")+100))
		io.Copy(io.Discard, s)
		r.wantRead(api.MessageText, []byte("half third"))
		want("before the long one", 100)
		read := r.startRead(background)
		synctest.Wait()
		want("while a Read waits", 0)
		r.send(long[len(long)-4900:], r.text("last"))
		if err := read(); err != nil {
			r.Fatal(err)
		}
		want("at the end", 4)
	})
}
