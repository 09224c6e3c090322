//go:build !js

package legacy

import (
	"bytes"
	crand "crypto/rand"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
	"github.com/twinws/ws/handshake"
	"github.com/twinws/ws/internal/variant"
)

// hixie is what the handshakes of hixie-75 and hixie-76 differ in.
type hixie struct {
	draft  Draft
	status string // of the response; hixie-75 section 4.1 has clients compare all of it
	prefix string // of the response's fields, and of the subprotocol's
}

var (
	hixie75 = hixie{Hixie75, "HTTP/1.1 101 Web Socket Protocol Handshake\r\n", ""}
	hixie76 = hixie{Hixie76, "HTTP/1.1 101 WebSocket Protocol Handshake\r\n", "Sec-"}
)

// upgradeFields are in this order in every head, directly behind the first line
// where the draft has an order.
const upgradeFields = "Upgrade: WebSocket\r\nConnection: Upgrade\r\n"

func (h hixie) origin() string        { return h.prefix + "WebSocket-Origin" }
func (h hixie) locationField() string { return h.prefix + "WebSocket-Location" }
func (h hixie) protocol() string      { return h.prefix + "WebSocket-Protocol" }

// frames translates the frames on nc.
func (h hixie) frames(nc net.Conn, held []byte) net.Conn {
	return translate(nc, held, frame.Version(h.draft))
}

// server is the server's side of a handshake.
func (h hixie) server(t *terms) *variant.Server {
	v := &variant.Server{Version: frame.Version(h.draft), Drafts: t.drafts, Check: h.check, Respond: h.respond, Frames: h.frames}
	if t.behindTLS {
		v.Respond = func(dst []byte, r *handshake.Request, a *handshake.Agreement, behind []byte, _ bool, extra map[string][]string) ([]byte, error) {
			return h.respond(dst, r, a, behind, true, extra)
		}
	}
	if h.draft == Hixie76 {
		v.Behind = challengeBytes
	}
	return v
}

// check checks a request (hixie-75 section 5.2, hixie-76 section 5.1).
func (h hixie) check(r *handshake.Request, p *handshake.Policy) (*handshake.Agreement, *api.HandshakeError) {
	if !slices.Contains(p.Drafts, handshake.Draft(h.draft)) {
		return handshake.Check(r, p) // which answers 426
	}
	if err := p.CheckCommon(r, handshake.Draft(h.draft)); err != nil {
		return nil, err
	}
	if h.draft == Hixie76 {
		for _, name := range []string{"Sec-WebSocket-Key1", "Sec-WebSocket-Key2"} {
			if problem := keyProblem(r.Header, name); problem != "" {
				return nil, refusal(http.StatusBadRequest, name+" of this "+h.draft.String()+" request: "+problem+" (section 5.2)")
			}
		}
	}
	return &handshake.Agreement{Draft: handshake.Draft(h.draft), Subprotocol: h.choose(r.Header, p.Subprotocols)}, nil
}

func keyProblem(f handshake.Fields, name string) string {
	if f.Count(name) != 1 {
		return "it must occur exactly once"
	}
	_, problem := keyPart(f.Get(name))
	return problem
}

func refusal(status int, problem string) *api.HandshakeError {
	return &api.HandshakeError{Status: status, Problem: problem}
}

// choose returns the subprotocol that the client offers, if the server supports
// it. The gem websocket (1.2.9) has hixie-75's name in hixie-76 too.
func (h hixie) choose(f handshake.Fields, supported []string) string {
	for _, name := range []string{h.protocol(), hixie75.protocol()} {
		if offer := f.Get(name); slices.Contains(supported, offer) {
			return offer
		}
	}
	return ""
}

// respond appends the response (hixie-75 section 5.2, hixie-76 section 5.2).
func (h hixie) respond(dst []byte, r *handshake.Request, a *handshake.Agreement, behind []byte, secure bool, extra map[string][]string) ([]byte, error) {
	if err := handshake.CheckHeader("Header", extra); err != nil {
		return dst, err
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		origin = "null" // RFC 6454 section 7.1: a client that tells none
	}
	b := append(dst, h.status+upgradeFields...)
	b = appendField(b, h.origin(), origin)
	b = appendField(b, h.locationField(), locationOf(secure, r.Host, r.Target))
	if a.Subprotocol != "" {
		b = appendField(b, h.protocol(), a.Subprotocol)
	}
	b = append(appendFields(b, extra), "\r\n"...)
	if h.draft == Hixie76 {
		part1, _ := keyPart(r.Header.Get("Sec-WebSocket-Key1")) // check has checked them
		part2, _ := keyPart(r.Header.Get("Sec-WebSocket-Key2"))
		answer := answerKeys(part1, part2, [challengeBytes]byte(behind))
		b = append(b, answer[:]...)
	}
	return b, nil
}

// locationOf returns the URL that a request was for, as both drafts construct
// it (section 3.2): the host in lower case, the port unless it is the default
// one, path and query.
func locationOf(secure bool, host, target string) string {
	scheme, port := "ws", ":80"
	if secure {
		scheme, port = "wss", ":443"
	}
	if _, rest, absolute := strings.Cut(target, "://"); absolute && target[0] != '/' {
		target = "/"
		if i := strings.IndexAny(rest, "/?"); i >= 0 {
			target = rest[i:]
		}
		if target[0] == '?' {
			target = "/" + target
		}
	}
	return scheme + "://" + strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(host), port), ":") + target
}

func appendField(dst []byte, name, value string) []byte {
	return append(dst, name+": "+value+"\r\n"...)
}

// appendFields appends fields that have been checked, sorted by name.
func appendFields(dst []byte, h map[string][]string) []byte {
	for _, f := range fieldsOf(h) {
		dst = appendField(dst, f.Name, f.Value)
	}
	return dst
}

func fieldsOf(h map[string][]string) handshake.Fields {
	var all handshake.Fields
	for name, values := range h {
		for _, v := range values {
			all = append(all, handshake.Field{Name: name, Value: strings.Trim(v, " \t")})
		}
	}
	slices.SortStableFunc(all, func(a, b handshake.Field) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// caller is the client's side of one handshake.
type caller struct {
	hixie
	random *rand.Rand
	trust  bool // the answer's location and origin are not checked

	location string            // of the server
	answer   [answerBytes]byte // that hixie-76 has the server send
}

// newRandom returns a generator that nobody can predict.
func newRandom() *rand.Rand {
	var seed [32]byte
	crand.Read(seed[:])
	return rand.New(rand.NewChaCha8(seed))
}

// client is the client's side of a handshake.
func (h hixie) client(origin string, trust bool, random *rand.Rand) *variant.Client {
	c := &caller{hixie: h, random: random, trust: trust}
	v := &variant.Client{Version: frame.Version(h.draft), Origin: origin, Request: c.request, Check: c.check, Frames: h.frames}
	if h.draft == Hixie76 {
		v.Behind = answerBytes
	}
	return v
}

// request appends the request (section 4.1 of both drafts). hixie-75 has its
// fields in a fixed order, hixie-76 in a random one, so that a server cannot
// come to depend on one; those of the program follow.
func (c *caller) request(dst []byte, r *handshake.ClientRequest, secure bool) ([]byte, error) {
	if _, err := handshake.AppendRequest(nil, r); err != nil { // the same rules hold
		return dst, err
	}
	if len(r.Subprotocols) > 1 {
		return dst, &api.ArgumentError{Name: "Subprotocols", Problem: strconv.Itoa(len(r.Subprotocols)) + " are too many for " +
			c.draft.String() + ", which can offer one (section 4.1)"}
	}
	c.location = locationOf(secure, r.Host, r.Target)
	fields := handshake.Fields{{Name: "Upgrade", Value: "WebSocket"}, {Name: "Connection", Value: "Upgrade"}, {Name: "Host", Value: r.Host}, {Name: "Origin", Value: r.Origin}}
	for _, name := range r.Subprotocols {
		fields = append(fields, handshake.Field{Name: c.protocol(), Value: name})
	}
	var behind []byte
	if c.draft == Hixie76 {
		fields, behind = c.challenge(fields)
	}
	fields = append(fields, fieldsOf(r.Header)...)
	b := append(dst, "GET "+r.Target+" HTTP/1.1\r\n"...)
	for _, f := range fields {
		b = appendField(b, f.Name, f.Value)
	}
	return append(append(b, "\r\n"...), behind...), nil
}

// challenge adds the keys, shuffles the fields, and returns the bytes behind
// the head.
func (c *caller) challenge(fields handshake.Fields) (all handshake.Fields, behind []byte) {
	key1, part1 := newKey(c.random)
	key2, part2 := newKey(c.random)
	var eight [challengeBytes]byte
	for i := range eight {
		eight[i] = byte(c.random.Uint32())
	}
	c.answer = answerKeys(part1, part2, eight)
	fields = append(fields, handshake.Field{Name: "Sec-WebSocket-Key1", Value: key1}, handshake.Field{Name: "Sec-WebSocket-Key2", Value: key2})
	c.random.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	return fields, eight[:]
}

// check checks the response (section 4.1 of both drafts). Where hixie-75 has a
// client compare the bytes of the first three lines, this compares the status
// and the fields: Protocol::WebSocket (0.26) has hixie-76's first line in both.
func (c *caller) check(res *handshake.Response, r *handshake.ClientRequest, behind []byte) (subprotocol string, err error) {
	if res.Status != http.StatusSwitchingProtocols {
		_, _, err := handshake.CheckResponse(res, r)
		return "", err
	}
	subprotocol, problem := c.problem(res.Header, r, behind)
	if problem != "" {
		return "", &api.HandshakeError{Status: res.Status, Header: res.Header.HTTP(), Problem: problem + " (" + c.draft.String() + " section 4.1)"}
	}
	return subprotocol, nil
}

// problem returns the subprotocol, and the first problem of a response.
func (c *caller) problem(f handshake.Fields, r *handshake.ClientRequest, behind []byte) (subprotocol, problem string) {
	const trust = ": a proxy may have changed what the server saw; if so, set InsecureSkipAnswerCheck"
	subprotocol = f.Get(c.protocol())
	origin, location := f.Get(c.origin()), f.Get(c.locationField())
	switch {
	case f.Count("Upgrade") != 1 || !strings.EqualFold(f.Get("Upgrade"), "WebSocket"):
		return "", "the server did not switch to WebSocket alone: Upgrade is " + quote(f.Get("Upgrade"))
	case !handshake.HasToken(f.Values("Connection"), "Upgrade"):
		return "", "the response has no Connection field with the token Upgrade"
	case c.draft == Hixie76 && !bytes.Equal(behind, c.answer[:]):
		return "", "the 16 bytes behind the head do not answer the keys that were sent: they belong to another connection, or a proxy changed them"
	case f.Count(c.protocol()) > 1:
		return "", "the server chose a subprotocol more than once"
	case subprotocol != "" && !slices.Contains(r.Subprotocols, subprotocol):
		return "", "the server chose the subprotocol " + quote(subprotocol) + ", which was not offered"
	case c.trust:
	case f.Count(c.origin()) != 1 || !strings.EqualFold(origin, r.Origin):
		return "", c.origin() + " is " + quote(origin) + ", and not the origin that was sent, " + quote(r.Origin) + trust
	case f.Count(c.locationField()) != 1 || !sameURL(location, c.location):
		return "", c.locationField() + " is " + quote(location) + ", and not the URL that was dialed, " + quote(c.location) + trust
	}
	return subprotocol, ""
}

// sameURL reports whether a server means our URL: scheme and host are compared
// ignoring case, and a default port may be there.
func sameURL(theirs, ours string) bool {
	if theirs == ours {
		return true
	}
	u, err := url.Parse(theirs)
	if err != nil || u.User != nil || strings.Contains(theirs, "#") {
		return false
	}
	scheme := strings.ToLower(u.Scheme)
	return scheme+"://" == ours[:min(len(scheme)+3, len(ours))] && locationOf(scheme == "wss", u.Host, u.RequestURI()) == ours
}

// quote shows what a peer sent as bounded, printable ASCII.
func quote(s string) string {
	const most = 200
	if len(s) > most {
		return strconv.QuoteToASCII(s[:most]) + "..."
	}
	return strconv.QuoteToASCII(s)
}
