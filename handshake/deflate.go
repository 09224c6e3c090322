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
	// DefaultWindowBits is the window of each side when the options specify
	// none: 13 bits, 8 KiB. Without context takeover it is 15 bits, 32 KiB,
	// since nothing of it is kept.
	DefaultWindowBits = 13

	minWindowBits = 8
	maxWindowBits = 15 // the default of RFC 7692: 32 KiB
)

// Deflate are the negotiated parameters of permessage-deflate (RFC 7692 section
// 7), as one side sees them. The other side may use less: the parameters for
// receiving cover everything it may send.
type Deflate struct {
	// ServerNoContextTakeover and ClientNoContextTakeover report that no
	// message of the server, or of the client, refers to earlier ones.
	ServerNoContextTakeover, ClientNoContextTakeover bool
	// ServerMaxWindowBits and ClientMaxWindowBits are the base-2 logarithms of
	// the windows, in bytes, with which each side compresses: 8 to 15.
	ServerMaxWindowBits, ClientMaxWindowBits int
}

// DeflateOptions are the parameters of permessage-deflate that one side
// requests. The zero value requests context takeover and windows of
// [DefaultWindowBits] in both directions.
type DeflateOptions struct {
	// ServerNoContextTakeover and ClientNoContextTakeover request that messages
	// of the server, or of the client, do not refer to earlier ones.
	ServerNoContextTakeover, ClientNoContextTakeover bool
	// ServerMaxWindowBits and ClientMaxWindowBits are the largest windows, 8 to
	// 15 bits, with which the server or the client should compress; 0 means
	// DefaultWindowBits, and 15 without context takeover. For a server the
	// client's window bounds the memory it keeps, unless it is 0: then a client
	// whose window cannot be limited uses 15 bits.
	ServerMaxWindowBits, ClientMaxWindowBits int
}

func (o DeflateOptions) serverBits() int {
	return wanted(o.ServerMaxWindowBits, o.ServerNoContextTakeover)
}

func (o DeflateOptions) clientBits() int {
	return wanted(o.ClientMaxWindowBits, o.ClientNoContextTakeover)
}

// wanted is the window for an option of bits.
func wanted(bits int, noTakeover bool) int {
	switch {
	case bits > 0:
		return min(max(bits, minWindowBits), maxWindowBits)
	case noTakeover:
		return maxWindowBits
	}
	return DefaultWindowBits
}

// Offer returns a client's offers, in order of preference (RFC 7692 section
// 5.1). It is one offer, as browsers send it, unless o specifies a window for
// the server: some servers, libsoup 3.2 for one, accept each of several.
// Without such a window the server may use 15 bits. The second offer omits
// server_max_window_bits, for servers that cannot limit their window.
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

// Answer returns the negotiated parameters, and a server's response that states
// them, for the first of a client's offers that the server can accept; ok is
// false if there is none. An offer with a parameter that is unknown, repeated
// or has an invalid value is declined, as RFC 7692 section 7.1 requires, and
// the next one is considered; offers of other extensions are ignored.
//
// A client that does not offer client_max_window_bits uses 15 bits, and cannot
// be limited (section 7.1.2.2). The server then has to keep that much, unless o
// specifies a smaller window for clients: in that case the client is told not
// to use context takeover, so that the memory stays within what o specifies.
// Some clients ignore that; their messages then cannot be decompressed. A
// window that the client requests for the server is granted, unless o specifies
// a smaller one.
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

// accept accepts an offer.
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

// Confirm checks a server's response against what Offer offered (RFC 7692
// sections 5.1 and 7.1). An empty response means no extension: ok is false. A
// server may omit parameters, and add those that it may add without being
// asked, also a window of its own larger than o requests, which accepts the
// second offer. Anything else is a *api.HandshakeError, whose Problem names it.
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

// onlyDeflate returns the problem of a response with anything else than one
// permessage-deflate, "" for none.
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

// deflateParams are the parameters of one offer or response.
type deflateParams struct {
	serverNoTakeover, clientNoTakeover bool
	serverBits                         int  // 0: absent
	clientSized                        bool // client_max_window_bits is present
	clientBits                         int  // its value, 15 when an offer has none
}

// parseDeflate parses the parameters of an offer or a response by RFC 7692
// section 7.1, and returns the first problem.
func parseDeflate(params []Param, offer bool) (p deflateParams, problem string) {
	for i, param := range params {
		if slices.ContainsFunc(params[:i], func(q Param) bool { return q.Name == param.Name }) {
			return p, "the parameter " + quote(param.Name) + " of " + deflateName + " is repeated (RFC 7692 section 7.1)"
		}
		if !p.set(param, offer) {
			return p, "the parameter " + quote(param.Name) + " of " + deflateName + " is unknown, or " +
				quote(param.Value) + " is not a value of it (RFC 7692 section 7.1)"
		}
	}
	return p, ""
}

// set processes one parameter and reports whether it is valid.
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

// parseBits parses a decimal integer of 8 to 15 without leading zeros (RFC 7692
// sections 7.1.2.1 and 7.1.2.2).
func parseBits(s string) (bits int, ok bool) {
	bits, err := strconv.Atoi(s)
	ok = err == nil && minWindowBits <= bits && bits <= maxWindowBits && strconv.Itoa(bits) == s
	return bits, ok
}
