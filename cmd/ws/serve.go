package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/twinws/ws"
)

// serving is a run of ws serve.
type serving struct {
	console
	addr         string
	broadcast    bool
	static       string
	path         string
	secure       bool
	certificate  string
	key          string
	writeCert    string
	origins      []string
	hosts        []string
	subprotocols []string
	compress     bool
	readLimit    bytesFlag
	verbose      bool

	accept ws.AcceptOptions
	room   *room // nil for echo
	files  http.Handler

	printing sync.Mutex
	clients  sync.WaitGroup
	last     counter // the number of the newest client
}

func serveCommand(c console) *cobra.Command {
	s := &serving{console: c, readLimit: 16 << 20}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve an echo or a broadcast, and static files beside it",
		Long: `Serve accepts WebSockets until it is interrupted, and prints who comes and goes.
Every message is sent back to its sender or, with --broadcast, to all other
clients. A client that does not read is disconnected with 1013 when 256
messages wait for it.

Pages of other sites may connect only if --allow-origin names them. On a
loopback address the Host field must name this machine, so that no page can
reach the server under a name of its own (DNS rebinding): see --allow-host.`,
		Example: `  ws serve
  ws serve --addr :9000 --broadcast
  ws serve --static ./site --path /ws
  ws serve --tls --write-cert server.pem   # then: ws dial --cacert server.pem wss://localhost:8080/
  ws serve --cert fullchain.pem --key privkey.pem --addr :443`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.run(cmd.Context()) },
	}
	fs := cmd.Flags()
	fs.StringVarP(&s.addr, "addr", "a", "127.0.0.1:8080", "the address to listen on, or only a port; port 0 chooses a free one")
	fs.BoolVar(&s.broadcast, "broadcast", false, "send each message to all other clients, not back")
	fs.StringVar(&s.static, "static", "", "a folder whose files are served to requests that are no WebSocket")
	fs.StringVar(&s.path, "path", "", "the only path of WebSockets, such as /ws; default: every path")
	fs.BoolVar(&s.secure, "tls", false, "serve wss and https, with a self-signed certificate unless --cert is given")
	fs.StringVar(&s.certificate, "cert", "", "a PEM file with the server's certificates; implies --tls")
	fs.StringVar(&s.key, "key", "", "a PEM file with the key of --cert; default: in the same file")
	fs.StringVar(&s.writeCert, "write-cert", "", "write the certificate to this file, for ws dial --cacert")
	fs.StringArrayVarP(&s.origins, "allow-origin", "o", nil, "pages that may connect, such as https://example.com, *.example.com or *; may be repeated")
	fs.StringArrayVar(&s.hosts, "allow-host", nil, "host names of this server; \"*\" for any; may be repeated")
	fs.StringSliceVarP(&s.subprotocols, "subprotocol", "s", nil, "a supported subprotocol; may be repeated, the first is preferred")
	fs.BoolVarP(&s.compress, "compress", "z", false, "accept compression (permessage-deflate)")
	fs.Var(&s.readLimit, "read-limit", "the largest message to receive, such as 64K or 1M; 0 for any size")
	fs.BoolVarP(&s.verbose, "verbose", "v", false, "print the messages too")
	return cmd
}

// run serves until ctx ends.
func (s *serving) run(ctx context.Context) error {
	if err := s.prepare(); err != nil {
		return err
	}
	l, err := net.Listen("tcp", s.addr)
	if err != nil {
		return fmt.Errorf("serve: %w: choose another --addr", err)
	}
	defer l.Close()
	tlsConfig, err := s.tlsConfig(l.Addr())
	if err != nil {
		return err
	}
	if err := s.setAccept(l.Addr()); err != nil {
		return err
	}
	serving, stop := context.WithCancel(ctx)
	defer stop()
	// net/http's own complaints, such as failed TLS handshakes, are notes too.
	h := &http.Server{
		Handler: s, ReadHeaderTimeout: 10 * time.Second, TLSConfig: tlsConfig, ErrorLog: s.errorLog(),
		BaseContext: func(net.Listener) context.Context { return serving },
	}
	scheme := "ws"
	if tlsConfig != nil {
		scheme = "wss"
		l = tls.NewListener(l, tlsConfig)
	}
	s.print("listening on %s://%s%s (%s)", scheme, l.Addr(), s.pathOr("/"), s.mode())
	defer context.AfterFunc(serving, func() { l.Close() })()
	err = h.Serve(l)
	stop() // every client is sent 1001
	s.clients.Wait()
	h.Close()
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("serve: %w", err)
}

func (s *serving) mode() string {
	if s.room != nil {
		return "broadcast"
	}
	return "echo"
}

func (s *serving) pathOr(otherwise string) string {
	if s.path == "" {
		return otherwise
	}
	return s.path
}

// prepare checks the flags.
func (s *serving) prepare() error {
	if !strings.Contains(s.addr, ":") {
		s.addr = "127.0.0.1:" + s.addr
	}
	if s.path != "" && !strings.HasPrefix(s.path, "/") {
		return fail(exitUsage, fmt.Sprintf("--path: %q does not begin with a slash", s.path))
	}
	if s.broadcast {
		s.room = newRoom()
	}
	if s.static == "" {
		return nil
	}
	if info, err := os.Stat(s.static); err != nil {
		return fail(exitUsage, "--static: "+err.Error())
	} else if !info.IsDir() {
		return fail(exitUsage, "--static: "+s.static+" is no folder")
	}
	s.files = http.FileServer(http.Dir(s.static))
	return nil
}

// setAccept sets the options of the handshake.
func (s *serving) setAccept(addr net.Addr) error {
	limit := int64(s.readLimit)
	if limit == 0 {
		limit = -1
	}
	s.accept = ws.AcceptOptions{
		Subprotocols: s.subprotocols, OriginPatterns: s.origins, AllowedHosts: s.hosts, ReadLimit: limit,
	}
	if t, ok := addr.(*net.TCPAddr); ok && t.IP.IsLoopback() && len(s.hosts) == 0 {
		s.accept.AllowedHosts = []string{"localhost", "127.0.0.1", "[::1]"}
		if ip := t.IP.String(); t.IP.To4() != nil && ip != "127.0.0.1" {
			s.accept.AllowedHosts = append(s.accept.AllowedHosts, ip)
		}
	}
	if s.compress {
		s.accept.Compression = &ws.Compression{}
	}
	return s.accept.Validate()
}

// ServeHTTP serves one request.
func (s *serving) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case ws.IsUpgrade(r) && (s.path == "" || r.URL.Path == s.path), s.files == nil && r.URL.Path == s.pathOr(r.URL.Path):
		s.serve(w, r) // which responds with 426 to what is no handshake
	case s.files != nil:
		s.files.ServeHTTP(w, r)
	default:
		http.Error(w, "WebSockets are at "+s.path, http.StatusNotFound)
	}
}

// serve serves one WebSocket.
func (s *serving) serve(w http.ResponseWriter, r *http.Request) {
	s.clients.Add(1)
	defer s.clients.Done()
	c, err := ws.Accept(w, r, &s.accept)
	if err != nil {
		s.print("! %s: %s", r.RemoteAddr, strings.TrimPrefix(err.Error(), "ws: accept: "))
		return
	}
	defer c.CloseNow()
	g := &guest{conn: c, id: s.number(), from: r.RemoteAddr, came: s.now()}
	ctx := r.Context() // ends with the server
	defer context.AfterFunc(ctx, func() { c.Close(ws.StatusGoingAway, "the server shuts down") })()
	part := func() {}
	if s.room != nil {
		part = s.room.enter(g)
	}
	s.print("+ %d %s %s%s%s", g.id, g.from, r.URL.RequestURI(), originOf(r), negotiated(c))
	err = s.exchange(context.WithoutCancel(ctx), g)
	part() // what went out is then known
	s.print("- %d %s %s; %s in, %d out, after %v", g.id, g.from, departure(err),
		count(g.in.count(), "message"), g.out.count(), s.now().Sub(g.came).Round(time.Millisecond))
}

func (s *serving) number() int { return int(s.last.n.Add(1)) }

func originOf(r *http.Request) string {
	if o := r.Header.Get("Origin"); o != "" {
		return " from a page of " + o
	}
	return ""
}

// departure says how a connection ended.
func departure(err error) string {
	if e, ok := errors.AsType[*ws.CloseError](err); ok && e.Cause == nil && e.Code >= 0 && e.Code != ws.StatusAbnormalClosure {
		who := "closed by the client: "
		if e.Local {
			who = "closed by this server: "
		}
		s := who + e.Code.String()
		if e.Reason != "" {
			s += " " + quoted([]byte(e.Reason))
		}
		return s
	}
	return strings.TrimPrefix(err.Error(), "ws: read: ")
}

// exchange reads messages and passes them on until the connection ends.
func (s *serving) exchange(ctx context.Context, g *guest) error {
	var buf []byte
	for {
		typ, data, err := g.conn.ReadAppend(ctx, buf[:0])
		if err != nil {
			return err
		}
		buf = data
		g.in.add()
		if s.verbose {
			s.print("* %d %v: %s", g.id, typ, quoted(data))
		}
		if s.room != nil {
			if err := s.room.send(g, typ, data); err != nil {
				return err
			}
		} else if g.conn.Write(ctx, typ, data) == nil { // else the next read says why
			g.out.add()
		}
	}
}

// print prints a line to standard output.
func (s *serving) print(format string, args ...any) {
	s.printing.Lock()
	defer s.printing.Unlock()
	fmt.Fprintln(s.out, oneLine(visible(fmt.Sprintf(format, args...))))
}
