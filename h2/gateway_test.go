package h2_test

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// gateway is a server of WebSocket over HTTP/2 in front of one of HTTP/1.1, and
// nothing of the library's: it turns each extended CONNECT into an Upgrade, and
// bytes, ends and resets of either side into the other's (RFC 8441 section 5).
type gateway struct{ addr string }

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect || r.Header.Get(":protocol") != "websocket" {
		http.Error(w, "not a WebSocket", http.StatusBadRequest)
		return
	}
	nc, err := net.Dial("tcp", g.addr)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer nc.Close()
	defer closing(r, nc)()
	br, res := g.ask(nc, r)
	if res == nil {
		http.Error(w, "no response", http.StatusBadGateway)
		return
	}
	if !upgraded(res) {
		http.Error(w, "no answer to the Upgrade", http.StatusBadGateway)
		return
	}
	maps.Copy(w.Header(), res.Header)
	for _, name := range []string{"Connection", "Upgrade", "Sec-Websocket-Accept", "Keep-Alive", "Transfer-Encoding"} {
		w.Header().Del(name)
	}
	if res.StatusCode != http.StatusSwitchingProtocols {
		w.WriteHeader(res.StatusCode)
		io.Copy(w, res.Body)
		return
	}
	join(w, r, nc.(*net.TCPConn), br)
}

// upgraded reports whether res is a refusal, or what RFC 6455 section 4.1 says.
func upgraded(res *http.Response) bool {
	return res.StatusCode >= 300 || res.StatusCode == http.StatusSwitchingProtocols &&
		strings.EqualFold(res.Header.Get("Upgrade"), "websocket") &&
		strings.EqualFold(res.Header.Get("Connection"), "Upgrade") &&
		res.Header.Get("Sec-WebSocket-Accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
}

// ask sends the request as one of HTTP/1.1.
func (g *gateway) ask(nc net.Conn, r *http.Request) (*bufio.Reader, *http.Response) {
	var b strings.Builder
	fmt.Fprintf(&b, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n", r.URL.RequestURI(), r.Host)
	fmt.Fprint(&b, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		for _, v := range r.Header[name] {
			if name != ":protocol" {
				fmt.Fprintf(&b, "%s: %s\r\n", name, v)
			}
		}
	}
	io.WriteString(nc, b.String()+"\r\n")
	br := bufio.NewReader(nc)
	res, err := http.ReadResponse(br, nil)
	if err != nil {
		return nil, nil
	}
	return br, res
}

// closing ends nc when the request does.
func closing(r *http.Request, nc net.Conn) (stop func()) {
	var once sync.Once
	done := make(chan struct{})
	go func() {
		select {
		case <-r.Context().Done():
			nc.(*net.TCPConn).SetLinger(0)
			nc.Close()
		case <-done:
		}
	}()
	return func() { once.Do(func() { close(done) }) }
}

// join copies both ways until the server ends.
func join(w http.ResponseWriter, r *http.Request, nc *net.TCPConn, br *bufio.Reader) {
	control := http.NewResponseController(w)
	control.EnableFullDuplex()
	w.WriteHeader(http.StatusOK)
	control.Flush()
	go func() {
		if _, err := io.Copy(nc, r.Body); err != nil {
			nc.SetLinger(0)
			nc.Close()
			return
		}
		nc.CloseWrite()
	}()
	b := make([]byte, 32<<10)
	for {
		n, err := br.Read(b)
		if n > 0 {
			w.Write(b[:n])
			control.Flush()
		}
		if err == io.EOF {
			return
		}
		if err != nil {
			panic(http.ErrAbortHandler) // RST_STREAM
		}
	}
}
