package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"golang.org/x/term"

	"github.com/twinws/ws"
)

// prompt exchanges messages with the user at a terminal.
//
// The line editor is golang.org/x/term: the Go project keeps it, and its Write
// prints above the line that is being edited, from any goroutine, which most
// others cannot.
func (d *dialing) prompt(ctx context.Context, c *ws.Conn) error {
	in := d.in.(*os.File)
	state, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return fmt.Errorf("dial: the terminal cannot be set to raw mode: %w", err)
	}
	t := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{d.in, d.out}, "> ")
	restore := sync.OnceFunc(func() {
		t.SetBracketedPasteMode(false)
		term.Restore(int(in.Fd()), state)
	})
	defer restore()
	t.SetBracketedPasteMode(true)
	defer followSize(d.out.(*os.File), t)()
	history, err := d.loadHistory()
	if err != nil {
		fmt.Fprintln(t, visible("* history: "+err.Error()))
	}
	t.History = history
	e := &editor{history: history, at: -1}
	t.AutoCompleteCallback = e.key

	s := &talk{dialing: d, c: c, t: t}
	color := colors(d.out)
	s.console.err = t // notes must not disturb the line
	p := &printer{format: d.format, out: t, mark: "< ", safe: true, color: color}
	s.note("* connected to %s%s; /help lists the commands", c.URL(), negotiated(c))
	r := &receiver{arrived: make(chan struct{}, 1), over: make(chan struct{})}
	go r.run(ctx, c, func(typ ws.MessageType, data []byte) error {
		d.taped(false, typ, data)
		return p.message(typ, data)
	})
	quit := make(chan error, 1)
	go func() { quit <- s.read(ctx) }()
	select {
	case err = <-quit:
		err = s.end(ctx, r, err)
	case <-r.over: // the goroutine that reads the terminal ends with the program
		if ctx.Err() != nil {
			c.Close(ws.StatusNormalClosure, "")
			err = ctxError(ctx, "dial")
			break
		}
		s.note("* %s", closing(r.err))
		err = ended(ctx, r.err)
	}
	restore()
	return errors.Join(err, history.trim())
}

func (d *dialing) loadHistory() (*lines, error) {
	file := d.history
	switch {
	case d.noHistory:
		file = ""
	case file == "":
		file = historyFile()
	}
	return loadHistory(file)
}

// negotiated says what the server chose.
func negotiated(c *ws.Conn) string {
	s := ""
	if p := c.Subprotocol(); p != "" {
		s += ", subprotocol " + p
	}
	if e := c.Extensions(); e != "" {
		s += ", " + e
	}
	return s
}

// end closes the connection as the user asked for, and says how it ended.
func (s *talk) end(ctx context.Context, r *receiver, err error) error {
	if err != nil && !errors.Is(err, io.EOF) {
		s.c.CloseNow()
		return err
	}
	s.c.Close(s.code, s.reason) // r.err says how that went, too
	<-r.over
	if ctx.Err() != nil {
		return ctxError(ctx, "dial")
	}
	s.note("* %s", closing(r.err))
	return ended(ctx, r.err)
}

// editor handles keys that the line editor leaves to the program.
type editor struct {
	history *lines
	text    string // that is searched for
	at      int    // the entry found last, -1 for none
	found   string // what the line was set to
}

const (
	keyTab   = '\t'
	keyCtrlR = 'R' & 0x1F
)

// key completes a command by Tab, and searches the history by Ctrl-R: the
// newest line that contains the text before the cursor, then older ones.
func (e *editor) key(line string, pos int, key rune) (string, int, bool) {
	switch key {
	case keyTab:
		if done, ok := complete(line); ok {
			return done, len(done), true
		}
		return line, pos, true
	case keyCtrlR:
		if e.at < 0 || line != e.found {
			e.text, e.at = line[:pos], -1
		}
		i := e.history.search(e.text, e.at)
		if i < 0 {
			return line, pos, true
		}
		e.at, e.found = i, e.history.At(i)
		return e.found, len(e.found), true
	}
	e.at = -1
	return "", 0, false
}

// complete completes the name of a command, if there is only one.
func complete(line string) (string, bool) {
	var only string
	for _, c := range commands {
		if !strings.HasPrefix(c.name, line) || line == "" {
			continue
		}
		if only != "" {
			return "", false
		}
		only = c.name + " "
	}
	return only, only != ""
}
