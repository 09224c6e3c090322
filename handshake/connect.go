package handshake

import (
	"net/http"
	"strings"
)

// ConnectHeader returns the header of r as an extended CONNECT (RFC 8441), with
// canonical names: the fields of [AppendRequest] except Host, Upgrade,
// Connection and the key, and ":protocol", which net/http keeps there. The
// errors are those of AppendRequest.
func ConnectHeader(r *ClientRequest) (http.Header, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	if err := CheckHeader("Header", r.Header); err != nil {
		return nil, err
	}
	h := http.Header{":protocol": {"websocket"}, "Sec-Websocket-Version": {Version}}
	if len(r.Subprotocols) > 0 {
		h.Set("Sec-WebSocket-Protocol", strings.Join(r.Subprotocols, ", "))
	}
	if r.Extensions != "" {
		h.Set("Sec-WebSocket-Extensions", r.Extensions)
	}
	for name, values := range r.Header {
		for _, v := range values {
			h.Add(name, trimSpace(v))
		}
	}
	return h, nil
}

// CheckConnectResponse is [CheckResponse] for the response to an extended
// CONNECT: any status of 2xx accepts it, and no field proves that the server
// knows the protocol, since it has announced that (RFC 8441 section 5).
func CheckConnectResponse(res *http.Response, req *ClientRequest) (subprotocol string, extensions []Extension, err error) {
	r := &Response{Proto: res.Proto, Status: res.StatusCode}
	for name, values := range res.Header {
		for _, v := range values {
			r.Header = append(r.Header, Field{name, trimSpace(v)})
		}
	}
	problem := ""
	if r.Status/100 != 2 {
		problem = r.refusalOfConnect()
	}
	return r.negotiated(req, problem)
}

// refusalOfConnect explains a status other than 2xx.
func (r *Response) refusalOfConnect() string {
	got := r.instead("200 OK")
	switch r.Status {
	case http.StatusNotFound:
		return got + ": nothing at this address speaks WebSocket, check the path"
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return got + ": the handler does not know extended CONNECT (RFC 8441), dial by HTTP/1.1"
	}
	return got + r.hint()
}
