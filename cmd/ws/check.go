package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/twinws/ws"
	"github.com/twinws/ws/internal/opening"
)

// checker is a run of ws check.
type checker struct {
	console
	client
	json   bool
	wait   time.Duration
	lookup func(ctx context.Context, host string) ([]string, error)

	url   *url.URL // scheme http or https
	proxy *url.URL // nil for none
	stage string   // what is under way
	steps []step   // what is over
	shown shown
	certificates
}

// step is one line of a diagnosis.
type step struct {
	Name    string  `json:"step"`
	Verdict verdict `json:"verdict"`
	Text    string  `json:"text"`
}

// verdict is that of a step.
type verdict string

const (
	good    verdict = "ok"
	warning verdict = "warning" // works, but needs attention
	fault   verdict = "FAULT"
	neutral verdict = "-" // neither good nor bad
)

func checkCommand(c console) *cobra.Command {
	k := &checker{console: c, lookup: net.DefaultResolver.LookupHost}
	return k.command()
}

func (k *checker) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check URL",
		Short: "Diagnose step by step why a WebSocket cannot be opened",
		Long: `Check opens a WebSocket step by step and says in plain words what each step gave:
the proxy and why it is used, DNS, TCP, TLS with the certificate's names and
expiry, the HTTP response, what each of its header fields should have been, the
subprotocol, extensions, a ping, and a close. It ends at the first step without
which the next is impossible.

The exit status is 0 if all is well, and 7 if there is a fault.`,
		Example: `  ws check wss://example.com/chat
  ws check --origin https://example.com wss://example.com/chat   # as a page of that site
  ws check -s chat --compress --proxy http://proxy:3128 wss://example.com/chat`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return k.run(cmd.Context(), args[0]) },
	}
	k.client.add(cmd)
	cmd.Flags().DurationVar(&k.wait, "answer-timeout", 5*time.Second, "how long the server may take to answer the ping, and the close")
	cmd.Flags().BoolVarP(&k.json, "json", "j", false, "print the steps as JSON")
	return cmd
}

// run checks.
func (k *checker) run(ctx context.Context, rawURL string) error {
	d, err := k.dialer()
	if err != nil {
		return err
	}
	if d.OpenStream != nil {
		return fail(exitUsage, "--http: only the handshake of HTTP/1.1 can be checked step by step")
	}
	if k.url, err = opening.ParseURL(rawURL); err != nil {
		return err
	}
	k.checkURL()
	if err := k.chooseProxy(d); err != nil {
		return err
	}
	if err := k.connect(ctx, d, rawURL); err != nil {
		return err
	}
	return k.conclude(ctx)
}

// say reports a step.
func (k *checker) say(name string, v verdict, format string, args ...any) {
	s := step{name, v, oneLine(visible(fmt.Sprintf(format, args...)))}
	k.steps = append(k.steps, s)
	if !k.json {
		fmt.Fprintf(k.out, "%-7s  %-12s  %s\n", s.Verdict, s.Name, s.Text)
	}
}

// conclude prints what is left to print, and returns the error for the exit
// status.
func (k *checker) conclude(ctx context.Context) error {
	if k.json {
		e := json.NewEncoder(k.out)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		if err := e.Encode(k.steps); err != nil {
			return err
		}
	}
	faults := 0
	for _, s := range k.steps {
		if s.Verdict == fault {
			faults++
		}
	}
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return fail(exitInterrupted, "")
	case faults > 0 && k.json:
		return fail(exitDiffers, "")
	case faults > 0:
		return fail(exitDiffers, "check: "+count(faults, "fault")+": see above")
	}
	return nil
}

func (k *checker) checkURL() {
	secure, port := "no TLS: everything can be read and changed on the way", "80"
	if k.url.Scheme == "https" {
		secure, port = "TLS", "443"
	}
	if p := k.url.Port(); p != "" {
		port = p
	}
	k.say("URL", good, "host %s, port %s, path %s, %s", k.url.Hostname(), port, k.url.RequestURI(), secure)
}

// chooseProxy reports the proxy and the reason for it.
func (k *checker) chooseProxy(d *ws.Dialer) error {
	if d.Proxy != nil {
		proxy, err := d.Proxy(&http.Request{URL: k.url})
		k.proxy = proxy
		if proxy == nil {
			k.say("proxy", neutral, "none, as --proxy none says")
		} else {
			k.say("proxy", good, "%s, as --proxy says", proxy.Redacted())
		}
		return err
	}
	proxy, variable, err := opening.EnvironmentProxy(k.url)
	k.proxy = proxy
	switch {
	case err != nil:
		problem := err.Error()
		if e, ok := errors.AsType[*ws.ArgumentError](err); ok {
			problem = e.Problem
		}
		k.say("proxy", fault, "%s: %s: correct or unset it", variable, problem)
		return k.conclude(context.Background())
	case proxy != nil:
		k.say("proxy", good, "%s, as the environment says in %s; NO_PROXY could name exceptions", proxy.Redacted(), variable)
	case proxyVariables() != "":
		k.say("proxy", neutral, "none: the environment has %s, but not for this server, which is on this machine or listed in NO_PROXY", proxyVariables())
	default:
		k.say("proxy", neutral, "none: neither --proxy nor the environment names one")
	}
	d.Proxy = http.ProxyURL(proxy)
	return nil
}

// connect opens the connection, and uses it.
func (k *checker) connect(ctx context.Context, d *ws.Dialer, rawURL string) error {
	k.shown.now = k.now
	d.NetDial = k.netDial
	k.watch(d)
	d.OpenStream = k.open
	c, err := d.Dial(ctx, rawURL)
	k.shown.mu.Lock()
	defer k.shown.mu.Unlock()
	if _, ok := errors.AsType[*ws.ArgumentError](err); ok {
		return err
	}
	if k.shown.response != nil {
		k.judge(err)
	} else if err != nil {
		k.explain(err)
	}
	if err != nil {
		return nil
	}
	defer c.CloseNow()
	k.use(ctx, c)
	return nil
}

// use tries what every WebSocket must do.
func (k *checker) use(ctx context.Context, c *ws.Conn) {
	wait, cancel := context.WithTimeout(ctx, k.wait)
	defer cancel()
	begin := k.now()
	switch err := c.Ping(wait); {
	case err == nil:
		k.say("ping", good, "answered after %s", k.since(begin))
	case ws.CloseStatus(err) >= 0:
		k.say("ping", fault, "not answered: %s", strings.TrimPrefix(err.Error(), "ws: ping: "))
		return
	case errors.Is(err, context.DeadlineExceeded):
		k.say("ping", fault, "not answered within %v: the server, or a proxy in between, does not pass on or answer pings (RFC 6455 section 5.5.2)", k.wait)
	default:
		k.say("ping", fault, "%v", err)
		return
	}
	wait, cancel = context.WithTimeout(ctx, k.wait)
	defer cancel()
	begin = k.now()
	switch err := c.CloseContext(wait, ws.StatusNormalClosure, "ws check"); {
	case err == nil:
		k.say("close", good, "answered after %s", k.since(begin))
	default:
		k.say("close", fault, "the server did not answer the close frame within %v (RFC 6455 section 5.5.1): clients wait for it in vain", k.wait)
	}
}

// since is the time that has passed, for people.
func (k *checker) since(begin time.Time) string { return short(k.now().Sub(begin).Seconds()) }
