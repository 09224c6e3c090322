//go:build !js

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// endTime is how long a browser may take to end before it is killed.
const endTime = 20 * time.Second

// visited is a browser that is not driven: it is started with the page's URL,
// anew for each tab. Then no two contestants share a process, and no tab is in
// the background, where browsers slow timers down.
type visited struct {
	ctx      context.Context
	launcher string // the path of tools/homes
	name     string // as that knows the browser
	server   *server
	agent    string // what the pages' navigator.userAgent was
}

func (v *visited) close() error { return nil }

// about returns the version as "homes list" prints it, in a line that begins
// with the name of a home. It fails where another home is missing, of no
// interest here.
func (v *visited) about() string {
	list, _ := exec.CommandContext(v.ctx, v.launcher, "list").Output()
	for line := range strings.Lines(string(list)) {
		if version, ok := strings.CutPrefix(line, v.name+"-window "); ok {
			return strings.TrimSpace(version)
		}
	}
	return v.agent
}

// open starts the browser and waits for its page to ask for calls.
func (v *visited) open(name string, p place) (*tab, error) {
	c := newCaller()
	t, err := v.start(v.server.callable(c))
	if err != nil {
		return nil, err
	}
	t.page, t.place = c, p
	ctx, cancel := context.WithTimeoutCause(t.ctx, startTime, errors.New("no page asked for calls"))
	defer cancel()
	if err = c.await(ctx, &v.agent); err == nil {
		err = t.call(nil, "load", name)
	}
	if err != nil {
		t.close()
		return nil, fmt.Errorf("%s: %w", v.name, err)
	}
	return t, nil
}

// start starts the browser at url. The tab's context ends when it ends.
func (v *visited) start(url string) (*tab, error) {
	ctx, cancel := context.WithCancel(v.ctx)
	cmd := exec.CommandContext(ctx, v.launcher, "open", v.name, url)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = endTime
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, err
	}
	running, ended := context.WithCancelCause(context.Background())
	go func() {
		err := cmd.Wait()
		ended(fmt.Errorf("the browser has ended: %v\n%s", err, output.Bytes()))
	}()
	return &tab{
		ctx:   running,
		close: func() { cancel(); <-running.Done() },
		clock: processes{cmd.Process.Pid},
	}, nil
}

// launcher builds tools/homes, which starts browsers, and returns its path.
func (s *server) launcher(ctx context.Context) (string, error) {
	root, err := goTool(ctx, "list", "-m", "-f", "{{.Dir}}", "github.com/twinws/ws")
	if err != nil {
		return "", err
	}
	path := filepath.Join(s.dir, "homes")
	cmd := exec.CommandContext(ctx, "go", "-C", filepath.Join(strings.TrimSpace(root), "tools"), "build", "-o", path, "./homes")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("building tools/homes: %w", err)
	}
	return path, nil
}
