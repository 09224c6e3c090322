package handshake

import (
	"slices"
	"strconv"

	"github.com/twinws/ws/api"
)

// The names of RFC 7692 section 7.
const (
	deflateName             = "permessage-deflate"
	serverNoContextTakeover = "server_no_context_takeover"
	clientNoContextTakeover = "client_no_context_takeover"
	serverMaxWindowBits     = "server_max_window_bits"
	clientMaxWindowBits     = "client_max_window_bits"
)

const (
	// DefaultWindowBits is the window that each side wants when its options
	// name none: 13 bits, 8 KiB. Without context takeover it is 15 bits, 32
	// KiB, since nothing is kept of it.
	DefaultWindowBits = 13

	minWindowBits = 8
	maxWindowBits = 15 // what holds where nothing is said: 32 KiB
)

// Deflate is what was agreed on for permessage-deflate (RFC 7692 section 7), as
// one side sees it. Where the other side has less in mind it may do so: what is
// here to be received covers whatever that side sends.
type Deflate struct {
	// ServerNoContextTakeover and ClientNoContextTakeover report that no
	// message of the server's, or the client's, refers to those before it.
	ServerNoContextTakeover, ClientNoContextTakeover bool
	// ServerMaxWindowBits and ClientMaxWindowBits are the base-2 logarithms of
	// the windows, in bytes, that each side compresses with: 8 to 15.
	ServerMaxWindowBits, ClientMaxWindowBits int
}

// DeflateOptions is what one side wants of permessage-deflate. The zero value
// wants takeover and windows of [DefaultWindowBits] in both directions.
type DeflateOptions struct {
	// ServerNoContextTakeover and ClientNoContextTakeover want messages that do
	// not refer to those before them, from the server or the client.
	ServerNoContextTakeover, ClientNoContextTakeover bool
	// ServerMaxWindowBits and ClientMaxWindowBits are the largest windows, 8 to
	// 15 bits, that the server or the client should compress with; 0 means
	// DefaultWindowBits, and 15 without takeover. To a server the client's is a
	// bound on what it holds, except when it is 0: a client whose window cannot
	// be limited then has the 15 bits that it uses.
	ServerMaxWindowBits, ClientMaxWindowBits int
}

func (o DeflateOptions) serverBits() int {
	return wanted(o.ServerMaxWindowBits, o.ServerNoContextTakeover)
}

func (o DeflateOptions) clientBits() int {
	return wanted(o.ClientMaxWindowBits, o.ClientNoContextTakeover)
}

// wanted is the window that an option of bits stands for.
func wanted(bits int, noTakeover bool) int {
	switch {
	case bits > 0:
		return min(max(bits, minWindowBits), maxWindowBits)
	case noTakeover:
		return maxWindowBits
	}
	return DefaultWindowBits
}

// Offer returns what a client offers, the best first (RFC 7692 section 5.1). It
// is one offer, as browsers make it, unless o names a window for the server:
// some servers, libsoup 3.2 for one, agree to each of several. The server may
// then use a window of 15 bits. A second offer does without
// server_max_window_bits, for servers that cannot limit theirs.
func (o DeflateOptions) Offer() []Extension {
	var params []Param
	if o.ServerNoContextTakeover {
		params = append(params, Param{Name: serverNoContextTakeover})
	}
	if o.ClientNoContextTakeover {
		params = append(params, Param{Name: clientNoContextTakeover})
	}
	client := Param{Name: clientMaxWindowBits} // the server may choose
	if o.clientBits() < maxWindowBits {
		client.Value = strconv.Itoa(o.clientBits())
	}
	params = append(params, client)
	anyServer := Extension{Name: deflateName, Params: params}
	if o.ServerMaxWindowBits == 0 || o.serverBits() == maxWindowBits {
		return []Extension{anyServer}
	}
	limited := append(slices.Clone(params), Param{serverMaxWindowBits, strconv.Itoa(o.serverBits())})
	return []Extension{{Name: deflateName, Params: limited}, anyServer}
}

// Answer returns what a server agrees to, and the answer that says so: to the
// first of a client's offers that it can accept, ok being false when there is
// none. An offer with a parameter that is unknown, repeated or has a wrong
// value is declined, as RFC 7692 section 7.1 demands, and the next one looked
// at; offers of other extensions are passed over.
//
// A client that does not offer client_max_window_bits uses 15 bits and cannot
// be told otherwise (section 7.1.2.2). It may, and the server then has to hold
// that, unless o names a smaller window for clients: then it is told not to use
// its context, so that what a server has to hold stays within what o names.
// Some clients ignore that; they cannot be understood then. A window that the
// client asks the server for is granted as it is, unless o names a smaller one.
func (o DeflateOptions) Answer(offers []Extension) (agreed Deflate, answer Extension, ok bool) {
	for _, e := range offers {
		if e.Name != deflateName {
			continue
		}
		if p, problem := parseDeflate(e.Params, true); problem == "" {
			agreed, answer = o.accept(p)
			return agreed, answer, true
		}
	}
	return Deflate{}, Extension{}, false
}

// accept agrees to an offer.
func (o DeflateOptions) accept(offer deflateParams) (agreed Deflate, answer Extension) {
	o.ServerNoContextTakeover = offer.serverNoTakeover || o.ServerNoContextTakeover
	o.ClientNoContextTakeover = offer.clientNoTakeover || o.ClientNoContextTakeover
	agreed = Deflate{
		ServerNoContextTakeover: o.ServerNoContextTakeover,
		ClientNoContextTakeover: o.ClientNoContextTakeover,
		ServerMaxWindowBits:     o.serverBits(),
		ClientMaxWindowBits:     maxWindowBits,
	}
	answer.Name = deflateName
	if offer.serverBits > 0 {
		agreed.ServerMaxWindowBits = offer.serverBits
		if o.ServerMaxWindowBits > 0 {
			agreed.ServerMaxWindowBits = min(offer.serverBits, o.serverBits())
		}
	}
	switch {
	case offer.clientSized:
		agreed.ClientMaxWindowBits = min(offer.clientBits, o.clientBits())
	case o.ClientMaxWindowBits > 0 && o.clientBits() < maxWindowBits:
		agreed.ClientNoContextTakeover = true
	}
	if agreed.ServerNoContextTakeover {
		answer.Params = append(answer.Params, Param{Name: serverNoContextTakeover})
	}
	if agreed.ClientNoContextTakeover {
		answer.Params = append(answer.Params, Param{Name: clientNoContextTakeover})
	}
	if offer.serverBits > 0 {
		answer.Params = append(answer.Params, Param{serverMaxWindowBits, strconv.Itoa(agreed.ServerMaxWindowBits)})
	}
	if agreed.ClientMaxWindowBits < maxWindowBits {
		answer.Params = append(answer.Params, Param{clientMaxWindowBits, strconv.Itoa(agreed.ClientMaxWindowBits)})
	}
	return agreed, answer
}

// Confirm holds a server's answer to what Offer offered (RFC 7692 sections 5.1
// and 7.1). An empty answer agrees to nothing: ok is false. A server may leave
// parameters out and add those that it may add without being asked: a window of
// its own larger than o asks for, too, which agrees to the second offer.
// Anything else is a *api.HandshakeError, whose Problem names it.
func (o DeflateOptions) Confirm(answer []Extension) (agreed Deflate, ok bool, err error) {
	if len(answer) == 0 {
		return Deflate{}, false, nil
	}
	if problem := onlyDeflate(answer); problem != "" {
		return Deflate{}, false, &api.HandshakeError{Problem: problem}
	}
	p, problem := parseDeflate(answer[0].Params, false)
	if problem != "" {
		return Deflate{}, false, &api.HandshakeError{Problem: problem}
	}
	agreed = Deflate{
		ServerNoContextTakeover: p.serverNoTakeover,
		ClientNoContextTakeover: p.clientNoTakeover || o.ClientNoContextTakeover,
		ServerMaxWindowBits:     maxWindowBits,
		ClientMaxWindowBits:     o.clientBits(),
	}
	if p.serverBits > 0 {
		agreed.ServerMaxWindowBits = p.serverBits
	}
	if p.clientSized {
		agreed.ClientMaxWindowBits = min(agreed.ClientMaxWindowBits, p.clientBits)
	}
	return agreed, true, nil
}

// onlyDeflate says what else than one permessage-deflate was answered.
func onlyDeflate(answer []Extension) (problem string) {
	for i, e := range answer {
		switch {
		case e.Name != deflateName:
			return "the server agreed to the extension " + quote(e.Name) + ", which was not offered (RFC 6455 section 4.1)"
		case i > 0:
			return "the server agreed to " + deflateName + " more than once (RFC 7692 section 5.1)"
		}
	}
	return ""
}

// deflateParams are the parameters of one offer or answer.
type deflateParams struct {
	serverNoTakeover, clientNoTakeover bool
	serverBits                         int  // 0: not there
	clientSized                        bool // client_max_window_bits is there
	clientBits                         int  // its value, 15 when an offer has none
}

// parseDeflate reads the parameters of an offer or an answer by RFC 7692
// section 7.1, and says what is wrong with them first.
func parseDeflate(params []Param, offer bool) (p deflateParams, problem string) {
	for i, param := range params {
		if slices.ContainsFunc(params[:i], func(q Param) bool { return q.Name == param.Name }) {
			return p, "the parameter " + quote(param.Name) + " of " + deflateName + " stands there twice (RFC 7692 section 7.1)"
		}
		if !p.set(param, offer) {
			return p, "the parameter " + quote(param.Name) + " of " + deflateName + " is unknown, or " +
				quote(param.Value) + " is not a value of it (RFC 7692 section 7.1)"
		}
	}
	return p, ""
}

// set takes one parameter and reports whether it is legal.
func (p *deflateParams) set(param Param, offer bool) (ok bool) {
	switch param.Name {
	case serverNoContextTakeover:
		p.serverNoTakeover, ok = true, param.Value == ""
	case clientNoContextTakeover:
		p.clientNoTakeover, ok = true, param.Value == ""
	case serverMaxWindowBits:
		p.serverBits, ok = parseBits(param.Value)
	case clientMaxWindowBits:
		p.clientSized = true
		if offer && param.Value == "" { // in an offer it may stand alone (section 7.1.2.2)
			p.clientBits = maxWindowBits
			return true
		}
		p.clientBits, ok = parseBits(param.Value)
	}
	return ok
}

// parseBits reads a decimal integer of 8 to 15 without leading zeros (RFC 7692
// sections 7.1.2.1 and 7.1.2.2).
func parseBits(s string) (bits int, ok bool) {
	bits, err := strconv.Atoi(s)
	ok = err == nil && minWindowBits <= bits && bits <= maxWindowBits && strconv.Itoa(bits) == s
	return bits, ok
}
