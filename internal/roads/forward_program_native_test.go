//go:build !js && unix

package roads_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const advice = "; make prepare installs it on Debian, and WS_NO_ROADS=1 leaves these tests out"

// find returns the path of a program, and fails the test if it is missing.
func find(t *testing.T, name, debian string) string {
	t.Helper()
	if os.Getenv("WS_NO_ROADS") == "1" {
		t.Skipf("WS_NO_ROADS=1: NOT tested through %s", name)
	}
	for _, path := range []string{name, filepath.Join("/usr/sbin", name)} {
		if full, err := exec.LookPath(path); err == nil {
			return full
		}
	}
	t.Fatalf("%s is not installed (Debian: apt-get install %s)%s", name, debian, advice)
	return ""
}

// folder is where the files of a program are, with the places that a user
// writes replaced by those of the test.
type folder struct{ path string }

func newFolder(t *testing.T) folder {
	t.Helper()
	f := folder{t.TempDir()}
	// Programs that leave root's rights behind read and write here.
	for dir := f.path; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o777); err != nil {
			break // not ours
		}
	}
	return f
}

func (f folder) file(name string) string { return filepath.Join(f.path, name) }

// write writes files of testdata, one behind the other, with replacements:
// pairs of what a user writes, which has to be there, and what stands for it
// here.
func (f folder) write(t *testing.T, name, sources string, replace ...string) string {
	t.Helper()
	text := ""
	for source := range strings.FieldsSeq(sources) {
		b, err := os.ReadFile(filepath.Join("testdata", "forward", source))
		if err != nil {
			t.Fatal(err)
		}
		text += string(b)
	}
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(text, replace[i]) {
			t.Fatalf("%s: no %q in it", sources, replace[i])
		}
		text = strings.ReplaceAll(text, replace[i], replace[i+1])
	}
	return f.put(t, name, []byte(text), 0o644)
}

func (f folder) put(t *testing.T, name string, b []byte, mode os.FileMode) string {
	t.Helper()
	if err := os.WriteFile(f.file(name), b, mode); err != nil {
		t.Fatal(err)
	}
	return f.file(name)
}

// run starts a program, and returns when addr accepts connections. It ends with
// the test.
func run(t *testing.T, addr string, cmd *exec.Cmd) {
	t.Helper()
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.WaitDelay = time.Second
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = new(syscall.SysProcAttr)
	}
	cmd.SysProcAttr.Setpgid = true // its children end with it
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		cmd.Wait()
		close(done)
	}()
	t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-done
		}
		if t.Failed() {
			t.Logf("%s said:\n%s", cmd, &said)
		}
	})
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); ; {
		if nc, err := net.Dial("tcp", addr); err == nil {
			nc.Close()
			return
		} else if time.Now().After(end) {
			t.Fatalf("%s does not listen: %v", cmd, err)
		}
		select {
		case <-done:
			t.Fatalf("%s has ended:\n%s", cmd, &said)
		case <-tick.C:
		}
	}
}

// loopback is an address of this machine that no other process uses, so that a
// port which is free there stays so.
var loopback = func() string {
	pid := os.Getpid()
	return fmt.Sprintf("127.%d.%d.%d", 128+pid>>16&63, pid>>8&255, 1+pid&127)
}()

// freePort returns a port of loopback that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", loopback+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// squid starts squid, and returns the addresses for http and https.
func squid(t *testing.T, config, names string, o *origin) (plain, secured string) {
	f := newFolder(t)
	path := find(t, "squid", "squid-openssl")
	first, second := freePort(t), freePort(t)
	plain, secured = loopback+":"+first, loopback+":"+second
	replace := []string{"http_port 3128", "http_port " + plain}
	switch config {
	case "squid.conf":
		o.cert.write(t, f)
		replace = append(replace, "https_port 3129", "https_port "+secured,
			"/etc/squid/proxy.crt", f.file("cert.pem"), "/etc/squid/proxy.key", f.file("key.pem"))
	case "squid-basic.conf":
		replace = append(replace, "/etc/squid/passwd", f.write(t, "passwd", "passwd"))
	case "squid-digest.conf":
		replace = append(replace, "/etc/squid/digest", f.write(t, "digest", "digest"))
	}
	if config != "squid-digest.conf" {
		replace = append(replace, "/etc/hosts", f.put(t, "hosts", []byte(names), 0o644), "port 80 443", "port "+strings.Join(o.ports, " "))
	}
	conf := f.write(t, "squid.conf", config+" squid.main.conf", replace...)
	cmd := exec.Command(path, "-N", "-d", "1", "-n", "ws"+first, "-f", conf)
	cmd.Dir = f.path
	run(t, plain, cmd)
	return plain, secured
}

func tinyproxy(t *testing.T, config string, o *origin) string {
	f, port := newFolder(t), freePort(t)
	path := find(t, "tinyproxy", "tinyproxy-bin")
	conf := f.write(t, "tinyproxy.conf", config, "Port 8888", "Port "+port, "Listen 127.0.0.1", "Listen "+loopback,
		"ConnectPort 80\nConnectPort 443\n", "ConnectPort "+strings.Join(o.ports, "\nConnectPort ")+"\n")
	run(t, loopback+":"+port, exec.Command(path, "-d", "-c", conf))
	return loopback + ":" + port
}

// microsocks starts a SOCKS proxy; prefix is what runs it, none for the test
// itself.
func microsocks(t *testing.T, script string, prefix ...string) string {
	f, port := newFolder(t), freePort(t)
	path := find(t, "microsocks", "microsocks")
	file := f.write(t, "microsocks.sh", script, "exec microsocks", "exec "+path, "-i 127.0.0.1", "-i "+loopback, "-p 1080", "-p "+port)
	argv := append(prefix, "sh", file)
	run(t, loopback+":"+port, exec.Command(argv[0], argv[1:]...))
	return loopback + ":" + port
}

// ssh starts sshd, as an ordinary user, and a client with -D.
func ssh(t *testing.T) string {
	f, sshPort, port := newFolder(t), freePort(t), freePort(t)
	server, client := find(t, "sshd", "openssh-server"), find(t, "ssh", "openssh-client")
	keygen := find(t, "ssh-keygen", "openssh-client")
	user, attr := ordinary(t)
	for _, key := range []string{"host", "user"} {
		if out, err := exec.Command(keygen, "-q", "-t", "ed25519", "-N", "", "-f", f.file(key)).CombinedOutput(); err != nil {
			t.Fatalf("ssh-keygen: %v\n%s", err, out)
		}
	}
	if attr != nil {
		for _, key := range []string{"host", "user"} {
			if err := os.Chown(f.file(key), int(attr.Credential.Uid), -1); err != nil {
				t.Fatal(err)
			}
		}
	}
	serverConf := f.write(t, "sshd_config", "sshd_config sshd.main_config", "Port 22", "Port "+sshPort, "ListenAddress 127.0.0.1", "ListenAddress "+loopback,
		"/etc/ssh/ssh_host_ed25519_key", f.file("host"), "/etc/ssh/authorized_keys", f.file("user.pub"))
	cmd := exec.Command(server, "-D", "-e", "-f", serverConf)
	cmd.SysProcAttr = attr
	run(t, loopback+":"+sshPort, cmd)
	clientConf := f.write(t, "ssh_config", "ssh_config ssh.main_config", "HostName 127.0.0.1", "HostName "+loopback, "Port 22", "Port "+sshPort,
		"User user", "User "+user, "~/.ssh/id_ed25519", f.file("user"), "127.0.0.1:1080", loopback+":"+port)
	cmd = exec.Command(client, "-N", "-F", clientConf, "proxy.example")
	if attr != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: attr.Credential}
	}
	run(t, loopback+":"+port, cmd)
	return loopback + ":" + port
}

// ordinary returns the user that sshd runs as: root's would need a folder
// outside the test's.
func ordinary(t *testing.T) (string, *syscall.SysProcAttr) {
	t.Helper()
	if os.Getuid() != 0 {
		return userName(t, os.Getuid()), nil
	}
	const nobody = 65534
	return userName(t, nobody), &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
}

// apart returns the words that run a program which sees another /etc/hosts, and
// why that cannot be had, "" if it can.
func apart(ctx context.Context, t *testing.T, names string) (prefix []string, why string) {
	t.Helper()
	file := newFolder(t).put(t, "hosts", []byte(names), 0o644)
	prefix = []string{"unshare", "--mount"}
	if os.Getuid() != 0 {
		prefix = append(prefix, "--map-root-user")
	}
	prefix = append(prefix, "sh", "-c", `mount --bind "$0" /etc/hosts && exec "$@"`, file)
	if out, err := exec.CommandContext(ctx, prefix[0], append(prefix[1:], "true")...).CombinedOutput(); err != nil {
		return nil, fmt.Sprintf("%v: %s", err, out)
	}
	return prefix, ""
}
