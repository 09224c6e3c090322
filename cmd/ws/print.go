package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/spf13/pflag"

	"github.com/twinws/ws"
)

// format are the flags that say how messages are shown.
type format struct {
	binary string
	json   bool
}

func (f *format) add(fs *pflag.FlagSet) {
	fs.StringVar(&f.binary, "binary-out", "hexdump", "how binary messages are printed: hexdump, base64 (one a line) or raw")
	fs.BoolVarP(&f.json, "json", "j", false, "indent messages that are JSON; in color on a terminal, unless NO_COLOR is set")
}

func (f *format) check() error {
	switch f.binary {
	case "hexdump", "base64", "raw":
		return nil
	}
	return fail(exitUsage, fmt.Sprintf("--binary-out: %q is no format: use hexdump, base64 or raw", f.binary))
}

// printer prints messages. It may be used by many goroutines.
type printer struct {
	format           // constant
	mark   string    // constant; before each message, such as "< "
	safe   bool      // constant; control characters are made visible, since a terminal obeys them
	color  bool      // constant
	out    io.Writer // protected by mu
	mu     sync.Mutex
	buf    bytes.Buffer // protected by mu
}

func newPrinter(f format, out io.Writer) *printer {
	return &printer{format: f, out: out, safe: isTerminal(out), color: colors(out)}
}

// message prints a received message.
func (p *printer) message(typ ws.MessageType, data []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.buf.Reset()
	switch {
	case typ == ws.MessageText:
		p.text(data)
	case p.binary == "raw":
		p.buf.Write(data)
	case p.binary == "base64":
		p.buf.WriteString(p.mark)
		p.buf.WriteString(base64.StdEncoding.EncodeToString(data))
		p.buf.WriteByte('\n')
	default:
		if p.mark != "" || len(data) == 0 {
			fmt.Fprintf(&p.buf, "%sbinary message of %s\n", p.mark, count(len(data), "byte"))
		}
		p.buf.WriteString(hex.Dump(data))
	}
	_, err := p.out.Write(p.buf.Bytes())
	return err
}

func (p *printer) text(data []byte) {
	p.buf.WriteString(p.mark)
	if p.json {
		if pretty, ok := indentJSON(data); ok {
			data = pretty
			if p.color {
				data = colorJSON(pretty)
			}
			// What a terminal would obey is escaped in JSON, except what it
			// takes for one in C1 or as the order of writing.
			p.finish(data, p.safe && !p.color)
			return
		}
	}
	p.finish(data, p.safe)
}

func (p *printer) finish(data []byte, safe bool) {
	if safe {
		p.buf.WriteString(visible(string(data)))
	} else {
		p.buf.Write(data)
	}
	p.buf.WriteByte('\n')
}

// visible replaces what a terminal may obey by what it shows: control
// characters other than tab and newline, and those that change the order of
// writing.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case r < 0x20:
			return 0x2400 + r // the pictures of control characters
		case r == 0x7F:
			return 0x2421
		case r >= 0x80 && r < 0xA0, r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069:
			return 0xFFFD
		}
		return r
	}, s)
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprint(n, " ", noun)
}
