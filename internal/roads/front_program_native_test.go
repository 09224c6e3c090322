//go:build !js

package roads

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// program is a proxy that Debian has.
type program struct {
	name   string   // the file's, in a folder of the PATH or in /usr/sbin
	debian string   // its packages
	site   string   // what a user writes, in testdata/front
	main   string   // what Debian and the tests' place add to it
	marks  []string // what of site a test replaces: text and replacement
	args   []string
	// forgets says that a signal which comes soon after it has started, when it
	// already serves, is lost.
	forgets bool
	bound   string // what makes it end old connections 1 s after a reload
	reload  func(ctx context.Context, p *process) error
}

// Each mark of a user's file is text that a user writes, for port 443.
var (
	tlsFiles = []string{"/etc/ssl/example.com.pem", "@DIR@/cert.pem", "/etc/ssl/example.com.key", "@DIR@/key.pem"}

	nginx = program{name: "nginx", debian: "nginx-light", site: "nginx.conf", main: "nginx.main.conf",
		marks: append([]string{"listen 443 ssl", "listen @ADDR@ ssl", "127.0.0.1:8080", "@BACKEND@"}, tlsFiles...),
		args:  []string{"-e", "stderr", "-c", "@DIR@/main.conf"}, reload: signal(syscall.SIGHUP),
		bound: "worker_shutdown_timeout 1s;"}

	haproxy = program{name: "haproxy", debian: "haproxy", site: "haproxy.cfg", main: "haproxy.main.cfg",
		marks: []string{"bind :443", "bind @ADDR@", "127.0.0.1:8080", "@BACKEND@", "/etc/haproxy/example.com.pem", "@DIR@/both.pem"},
		args:  []string{"-W", "-db", "-f", "@DIR@/main.conf", "-f", "@DIR@/site.conf"}, reload: signal(syscall.SIGUSR2),
		forgets: true, bound: "hard-stop-after 1s"}

	// Both sides of it speak HTTP/2.
	haproxy2 = program{name: "haproxy", debian: "haproxy", site: "haproxy-http2.cfg", main: "haproxy.main.cfg",
		marks: haproxy.marks, args: haproxy.args, reload: signal(syscall.SIGUSR2), forgets: true, bound: haproxy.bound}

	nghttpx = program{name: "nghttpx", debian: "nghttp2-proxy", site: "nghttpx.conf", main: "nghttpx.main.conf",
		marks: append([]string{"*,443", "@IP@,@PORT@", "127.0.0.1,8080", "127.0.0.1,@BACKENDPORT@"}, tlsFiles...),
		args:  []string{"--conf=@DIR@/main.conf"}, reload: signal(syscall.SIGHUP)}

	apache = program{name: "apache2", debian: "apache2", site: "apache.conf", main: "apache.main.conf",
		marks: append([]string{"*:443", "@ADDR@", "127.0.0.1:8080", "@BACKEND@"}, tlsFiles...),
		args:  []string{"-DFOREGROUND", "-f", "@DIR@/main.conf"}, reload: signal(syscall.SIGUSR1)}

	lighttpd = program{name: "lighttpd", debian: "lighttpd lighttpd-mod-openssl", site: "lighttpd.conf", main: "lighttpd.main.conf",
		marks: append([]string{`":443"`, `"@ADDR@"`, `"host" => "127.0.0.1", "port" => 8080`, `"host" => "127.0.0.1", "port" => @BACKENDPORT@`}, tlsFiles...),
		args:  []string{"-D", "-f", "@DIR@/main.conf"}, reload: signal(syscall.SIGUSR1)}

	caddy = program{name: "caddy", debian: "caddy", site: "Caddyfile", main: "Caddyfile.main",
		// A certificate that nobody has to issue.
		marks: []string{"example.com {", "example.com {\n\ttls @DIR@/cert.pem @DIR@/key.pem", "127.0.0.1:8080", "@BACKEND@"},
		args:  []string{"run", "--adapter", "caddyfile", "--config", "@DIR@/main.conf"},
		reload: func(ctx context.Context, p *process) error {
			out, err := exec.CommandContext(ctx, p.program.path(), "reload", "--adapter", "caddyfile",
				"--config", filepath.Join(p.dir, "main.conf")).CombinedOutput()
			if err != nil {
				return fmt.Errorf("caddy reload: %w\n%s", err, out)
			}
			return nil
		}}
)

// path returns the program's path, or its name if it is not to be found.
func (p *program) path() string {
	for _, path := range []string{p.name, filepath.Join("/usr/sbin", p.name)} {
		if full, err := exec.LookPath(path); err == nil {
			return full
		}
	}
	return p.name
}

func signal(s os.Signal) func(context.Context, *process) error {
	return func(_ context.Context, p *process) error { return p.cmd.Process.Signal(s) }
}

// settings are what differs between the tests.
type settings struct {
	idle    string // the time-out for silent connections, in seconds
	bounded bool   // end old connections 1 s after a reload
}

// process is a program that runs.
type process struct {
	program *program
	dir     string
	vars    map[string]string // of the files: @ADDR@ and so on
	cmd     *exec.Cmd
	said    said
	done    chan struct{} // closed when it has ended
}

// start starts p on a free port of an address that this process alone uses, and
// returns when it accepts TLS there.
func (p *program) start(ctx context.Context, t *testing.T, backend string, set settings) *process {
	t.Helper()
	r := &process{program: p, dir: t.TempDir(), done: make(chan struct{})}
	ip := ownIP()
	addr, spare := freeAddr(t, ip), freeAddr(t, ip)
	r.vars = map[string]string{"DIR": r.dir, "IP": ip, "ADDR": addr, "PORT": port(addr), "SPARE": port(spare), "IDLE": set.idle, "BOUND": ""}
	if set.bounded {
		r.vars["BOUND"] = p.bound
	}
	writeCertificate(t, r.dir)
	r.configure(t, backend)
	args := make([]string, len(p.args))
	for i, a := range p.args {
		args[i] = r.fill(t, a)
	}
	r.cmd = exec.Command(p.path(), args...)
	r.cmd.Stdout, r.cmd.Stderr = &r.said, &r.said
	who, group := unprivileged()
	r.cmd.Env = append(os.Environ(), "APACHE_RUN_USER="+who, "APACHE_RUN_GROUP="+group, "HOME="+r.dir, "XDG_CONFIG_HOME="+r.dir, "XDG_DATA_HOME="+r.dir)
	r.cmd.WaitDelay = time.Second
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { r.cmd.Wait(); close(r.done) }()
	t.Cleanup(func() { r.stop(t) })
	for !accepts(ctx, addr) {
		select {
		case <-r.done:
			t.Fatalf("%s has ended:\n%s%s", p.name, &r.said, r.log())
		case <-ctx.Done():
			t.Fatalf("%s does not accept TLS: %v", p.name, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return r
}

// said is what a program writes.
type said struct {
	mu   sync.Mutex
	text []byte
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = append(s.text, p...)
	return len(p), nil
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.text)
}

// configure writes the files of a proxy in front of backend.
func (r *process) configure(t *testing.T, backend string) {
	t.Helper()
	r.vars["BACKEND"], r.vars["BACKENDPORT"] = backend, port(backend)
	site := read(t, r.program.site)
	for i := 0; i < len(r.program.marks); i += 2 {
		if !strings.Contains(site, r.program.marks[i]) {
			t.Fatalf("%s does not have %q", r.program.site, r.program.marks[i])
		}
		site = strings.ReplaceAll(site, r.program.marks[i], r.program.marks[i+1])
	}
	write(t, filepath.Join(r.dir, "site.conf"), r.fill(t, site))
	write(t, filepath.Join(r.dir, "main.conf"), r.fill(t, read(t, r.program.main)))
}

func (r *process) fill(t *testing.T, s string) string {
	t.Helper()
	for name, value := range r.vars {
		s = strings.ReplaceAll(s, "@"+name+"@", value)
	}
	return s
}

// stop ends the program, and shows what it said if the test has failed.
func (r *process) stop(t *testing.T) {
	r.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-r.done:
	case <-time.After(10 * time.Second):
		t.Errorf("%s ignores SIGTERM", r.program.name)
		r.cmd.Process.Kill()
		<-r.done
	}
	if t.Failed() {
		t.Logf("%s said:\n%s%s", r.program.name, &r.said, r.log())
	}
}

// log is what the program writes to a file instead.
func (r *process) log() string {
	b, _ := os.ReadFile(filepath.Join(r.dir, "log"))
	return string(b)
}

// ownIP returns an address of loopback that other processes do not use, so that
// a port which is free there stays so.
func ownIP() string {
	pid := os.Getpid()
	return fmt.Sprintf("127.%d.%d.%d", 64+pid>>16&63, pid>>8&255, 1+pid&127)
}

func freeAddr(t *testing.T, ip string) string {
	t.Helper()
	l, err := net.Listen("tcp", ip+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func port(addr string) string { return addr[strings.LastIndexByte(addr, ':')+1:] }

// unprivileged returns the user and the group that Apache shall run as: as root
// it refuses to serve.
func unprivileged() (who, group string) {
	if u, err := user.Current(); err == nil && u.Uid != "0" {
		return "#" + u.Uid, "#" + u.Gid
	}
	return "www-data", "www-data"
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "front", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
