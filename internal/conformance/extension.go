package conformance

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// deflateName is the extension of RFC 7692.
const deflateName = "permessage-deflate"

// Deflate is what a target is told to want of permessage-deflate.
type Deflate struct {
	ServerNoContextTakeover, ClientNoContextTakeover bool
	// ServerMaxWindowBits and ClientMaxWindowBits are 8 to 15, or 0 for what
	// the target wants by itself.
	ServerMaxWindowBits, ClientMaxWindowBits int
	// Level and Threshold are options of the target's alone; 0 is its default.
	Level, Threshold int
}

// deflateParams are the parameters of an offer or of an answer (RFC 7692
// section 7.1).
type deflateParams struct {
	serverNo, clientNo     bool // context takeover
	serverBits, clientBits int  // 0 for none
	clientSized            bool // client_max_window_bits is there, with a value or without
}

// parseDeflates reads a list of offers of permessage-deflate, or an answer. It
// knows no quotes: no target has a reason to use them.
func parseDeflates(list string, offer bool) (all []deflateParams, err error) {
	if list == "" {
		return nil, nil
	}
	for element := range strings.SplitSeq(list, ",") {
		d, err := parseDeflate(strings.TrimSpace(element), offer)
		if err != nil {
			return nil, fmt.Errorf("in %q: %w", list, err)
		}
		all = append(all, d)
	}
	if !offer && len(all) > 1 {
		return nil, fmt.Errorf("%q has %s more than once (RFC 7692 section 5.1)", list, deflateName)
	}
	return all, nil
}

func parseDeflate(element string, offer bool) (d deflateParams, err error) {
	name, params, more := strings.Cut(element, ";")
	if strings.TrimSpace(name) != deflateName {
		return d, fmt.Errorf("%q is no %s", name, deflateName)
	}
	seen := map[string]bool{}
	for more {
		var param string
		param, params, more = strings.Cut(params, ";")
		key, value, valued := strings.Cut(strings.TrimSpace(param), "=")
		if seen[key] {
			return d, fmt.Errorf("%q is there twice (RFC 7692 section 7.1)", key)
		}
		if seen[key] = true; valued == (value == "") || !d.set(key, value, offer) {
			return d, fmt.Errorf("%q is unknown, or has a wrong value (RFC 7692 section 7.1)", param)
		}
	}
	return d, nil
}

// set takes a parameter and reports whether it is legal.
func (d *deflateParams) set(key, value string, offer bool) (ok bool) {
	switch key {
	case "server_no_context_takeover":
		d.serverNo, ok = true, value == ""
	case "client_no_context_takeover":
		d.clientNo, ok = true, value == ""
	case "server_max_window_bits":
		d.serverBits, ok = windowBits(value)
	case "client_max_window_bits":
		d.clientSized = true
		if offer && value == "" {
			return true
		}
		d.clientBits, ok = windowBits(value)
	}
	return ok
}

// windowBits reads 8 to 15, without a leading zero (RFC 7692 section 7.1.2).
func windowBits(s string) (bits int, ok bool) {
	bits, err := strconv.Atoi(s)
	return bits, err == nil && 8 <= bits && bits <= 15 && s == strconv.Itoa(bits)
}

// window is the size in bytes that bits stand for: the whole 32 KiB for 0.
func window(bits int) int {
	if bits == 0 {
		bits = 15
	}
	return 1 << bits
}

// checkOffers holds the offers of a client target to what it was told to want:
// the first says it all, and all let the server limit the client's window,
// which a server must not do unasked (RFC 7692 section 7.1.2.2).
func (d *Deflate) checkOffers(offers []deflateParams) error {
	if d == nil {
		if len(offers) > 0 {
			return errors.New("compression is offered by a target that was not told to")
		}
		return nil
	}
	if len(offers) == 0 {
		return errors.New("no compression is offered")
	}
	first := offers[0]
	for _, o := range offers {
		switch {
		case !o.clientSized:
			return errors.New("an offer lacks client_max_window_bits")
		case o.serverNo != d.ServerNoContextTakeover, o.clientNo != d.ClientNoContextTakeover:
			return errors.New("an offer has other wishes about context takeover than the target")
		case o.clientBits != 0 && d.ClientMaxWindowBits != 0 && o.clientBits != d.ClientMaxWindowBits:
			return fmt.Errorf("client_max_window_bits=%d is offered, want %d", o.clientBits, d.ClientMaxWindowBits)
		}
	}
	if want := d.ServerMaxWindowBits; want != 0 && window(first.serverBits) != window(want) {
		return fmt.Errorf("server_max_window_bits=%d is offered first, want %d", first.serverBits, want)
	}
	return nil
}

// admits reports whether a server may answer an offer so, but for what it
// leaves out (RFC 7692 sections 7.1.2.1 and 7.1.2.2).
func (d deflateParams) admits(answer deflateParams) bool {
	return (answer.serverBits == 0 || window(answer.serverBits) <= window(d.serverBits)) &&
		(d.clientSized || !answer.clientSized)
}

// accepted is the answer as it binds both sides: what the offer told about its
// client holds without being answered (RFC 7692 sections 7.1.1.2 and 7.1.2.2).
func (d deflateParams) accepted(answer deflateParams) deflateParams {
	answer.clientNo = answer.clientNo || d.clientNo
	if window(d.clientBits) < window(answer.clientBits) {
		answer.clientBits = d.clientBits
	}
	return answer
}
