package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
)

// talk is a prompt's connection and how it is to be closed.
type talk struct {
	*dialing
	c      *ws.Conn
	t      *term.Terminal
	code   ws.StatusCode
	reason string
}

// command is what a line that begins with a slash does.
type command struct {
	name, args, help string
	run              func(s *talk, ctx context.Context, args string) error
}

var commands []command

func init() { // not in the declaration, since /help lists it
	commands = []command{
		{"/close", "[CODE [REASON]]", "close the connection, with 1000 by default, and end", (*talk).close},
		{"/ping", "[PAYLOAD]", "send a ping and wait for its pong", (*talk).ping},
		{"/pong", "[PAYLOAD]", "send a pong", (*talk).pong},
		{"/binary", "HEX", "send a binary message, in hexadecimal", (*talk).binaryMessage},
		{"/file", "PATH", "send a file as a binary message", (*talk).file},
		{"/help", "", "list the commands", (*talk).help},
	}
}

// errClose ends the prompt.
var errClose = fmt.Errorf("the user closes: %w", io.EOF)

// read reads lines until the user closes, with io.EOF.
func (s *talk) read(ctx context.Context) error {
	s.code = ws.StatusNormalClosure
	var pasted []string
	for {
		line, err := s.t.ReadLine()
		if err == term.ErrPasteIndicator { // more lines follow
			pasted = append(pasted, line)
			continue
		}
		if err != nil {
			return err
		}
		if len(pasted) > 0 {
			line = strings.TrimSuffix(strings.Join(append(pasted, line), "\n"), "\n")
			pasted = nil
			err = s.send(ctx, line)
		} else {
			err = s.line(ctx, line)
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, ws.ErrClosed): // the receiver says why
			return err
		case err != nil:
			s.note("* %v", err)
		}
	}
}

// line sends a line, or runs the command that it is. Two slashes at its start
// send a text that begins with one.
func (s *talk) line(ctx context.Context, line string) error {
	if text, ok := strings.CutPrefix(line, "//"); ok {
		return s.send(ctx, "/"+text)
	}
	if !strings.HasPrefix(line, "/") {
		if line == "" {
			return nil
		}
		return s.send(ctx, line)
	}
	name, args, _ := strings.Cut(line, " ")
	for _, c := range commands {
		if c.name == name {
			return c.run(s, ctx, strings.TrimSpace(args))
		}
	}
	return fmt.Errorf("%s is no command: /help lists them; to send a text that begins with a slash, write two", name)
}

func (s *talk) send(ctx context.Context, text string) error {
	s.taped(true, ws.MessageText, []byte(text))
	return s.c.Write(ctx, ws.MessageText, []byte(text))
}

func (s *talk) close(_ context.Context, args string) error {
	code, reason, _ := strings.Cut(args, " ")
	if code == "" {
		return errClose
	}
	n, err := strconv.Atoi(code)
	switch {
	case err != nil || !ws.StatusCode(n).Sendable():
		return fmt.Errorf("/close: %s may not be sent: use 1000-1003, 1007-1014 or 3000-4999 (RFC 6455 section 7.4)", code)
	case len(reason) > api.MaxReason:
		return fmt.Errorf("/close: the reason has %d bytes: at most %d are allowed", len(reason), api.MaxReason)
	}
	s.code, s.reason = ws.StatusCode(n), reason
	return errClose
}

// pongWait is how long /ping waits.
const pongWait = 10 * time.Second

func (s *talk) ping(ctx context.Context, args string) error {
	ctx, cancel := context.WithTimeout(ctx, pongWait)
	defer cancel()
	begin := s.now()
	if err := s.c.PingPayload(ctx, []byte(args)); err != nil {
		return err
	}
	s.note("* pong%s after %v", payload([]byte(args)), s.now().Sub(begin).Round(time.Microsecond))
	return nil
}

func (s *talk) pong(ctx context.Context, args string) error { return s.c.Pong(ctx, []byte(args)) }

func (s *talk) binaryMessage(ctx context.Context, args string) error {
	data, err := hex.DecodeString(strings.ReplaceAll(args, " ", ""))
	if err != nil {
		return fmt.Errorf("/binary: %w: write bytes as pairs of hexadecimal digits, such as 00 ff", err)
	}
	s.taped(true, ws.MessageBinary, data)
	return s.c.Write(ctx, ws.MessageBinary, data)
}

func (s *talk) file(ctx context.Context, args string) error {
	data, err := os.ReadFile(args)
	if err != nil {
		return fmt.Errorf("/file: %w", err)
	}
	s.taped(true, ws.MessageBinary, data)
	if err := s.c.Write(ctx, ws.MessageBinary, data); err != nil {
		return err
	}
	s.note("* sent %s", count(len(data), "byte"))
	return nil
}

func (s *talk) help(context.Context, string) error {
	for _, c := range commands {
		s.note("  %-24s %s", c.name+" "+c.args, c.help)
	}
	s.note("  %-24s %s", "//TEXT", "send a text that begins with a slash")
	s.note("  %-24s %s", "Ctrl-D or Ctrl-C", "close with 1000, and end")
	return nil
}
