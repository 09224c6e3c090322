package h2

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"golang.org/x/net/http2"
)

// FuzzServer lets a server send anything: the client neither panics nor keeps a
// stream open after the connection, and its memory is bounded.
func FuzzServer(f *testing.F) {
	frames := func(write func(f *http2.Framer)) []byte {
		var b bytes.Buffer
		fr := http2.NewFramer(&b, nil)
		fr.AllowIllegalWrites = true
		fr.WriteSettings(connects)
		write(fr)
		return b.Bytes()
	}
	f.Add(frames(func(*http2.Framer) {}))
	f.Add(frames(func(f *http2.Framer) {
		f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: []byte{0x88}, EndHeaders: true})
		f.WriteData(1, false, []byte("\x81\x02hi"))
		f.WriteDataPadded(1, false, []byte("x"), make([]byte, 9))
		f.WriteWindowUpdate(0, 1000)
		f.WriteWindowUpdate(1, 1000)
		f.WritePing(false, [8]byte{})
		f.WriteData(1, true, nil)
		f.WriteRSTStream(1, http2.ErrCodeNo)
		f.WriteGoAway(1, http2.ErrCodeNo, nil)
	}))
	f.Add(frames(func(f *http2.Framer) {
		f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: []byte{0x88}})
		f.WriteContinuation(1, true, []byte{0x40, 1, 'a', 1, 'b'})
		f.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0}, http2.Setting{ID: http2.SettingHeaderTableSize})
		f.WriteRawFrame(http2.FramePushPromise, 4, 1, []byte{0, 0, 0, 2, 0x88})
	}))
	f.Fuzz(func(t *testing.T, sent []byte) {
		ours, theirs := net.Pipe()
		tr := &Transport{PriorKnowledge: true}
		defer tr.Close()
		r := (&rig{t: t, tr: tr}).request("/")
		r.Connect = func(context.Context, ...string) (net.Conn, error) { return ours, nil }
		go io.Copy(io.Discard, theirs)
		go func() {
			theirs.Write(sent)
			theirs.Close()
		}()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		nc, res, err := tr.OpenStream(ctx, r)
		if ctx.Err() != nil {
			t.Fatal("OpenStream did not notice the end of the connection")
		}
		if err != nil {
			return
		}
		if res.Body != nil {
			io.Copy(io.Discard, res.Body)
			res.Body.Close()
			return
		}
		nc.SetDeadline(time.Now().Add(10 * time.Second))
		if n, err := io.Copy(io.Discard, nc); n > int64(len(sent)) || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("read %d bytes of %d, %v", n, len(sent), err)
		}
		nc.Write([]byte("x"))
		nc.Close()
	})
}
