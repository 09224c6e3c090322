package main

import (
	"context"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
)

// home is an environment that a js program can run in.
type home struct {
	name    string
	version func() (string, error)
	// run runs a program with its arguments and returns the exit code.
	run func(ctx context.Context, program []string) (code int, err error)
}

var homes = []home{
	inBrowser("firefox-window", "firefox", "window"),
	inBrowser("firefox-worker", "firefox", "worker"),
	inBrowser("webkit-window", "webkit", "window"),
	inBrowser("webkit-worker", "webkit", "worker"),
	inBrowser("chromium-window", "chromium", "window"),
	inBrowser("chromium-worker", "chromium", "worker"),
	inBrowser("chromium-shared", "chromium", "shared"),
	inBrowser("chromium-service", "chromium", "service"),
	nodeLike("node24", "Node.js", node, "--stack-size=8192"),
	nodeLike("deno", "", deno, "run", "-A", "--unstable-detect-cjs"),
	nodeLike("bun", "Bun", bun),
	inWorkerd("workerd"),
	inDOM("jsdom"),
	inDOM("happy-dom"),
}

func find(name string) (home, error) {
	var names []string
	for _, h := range homes {
		if h.name == name {
			return h, nil
		}
		names = append(names, h.name)
	}
	return home{}, fmt.Errorf("there is no home %q: want one of %s", name, strings.Join(names, ", "))
}

func findBrowser(name string) (browser, error) {
	b, ok := browsers[name]
	if !ok {
		names := slices.Sorted(maps.Keys(browsers))
		return browser{}, fmt.Errorf("there is no browser %q: want one of %s", name, strings.Join(names, ", "))
	}
	return b, nil
}

// versionOf returns the first line that a program prints about its version.
func versionOf(program string, args ...string) (string, error) {
	out, err := exec.Command(program, args...).Output()
	if err != nil {
		return "", fmt.Errorf("%s is missing: run scripts/need.sh homes (%w)", program, err)
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return line, nil
}
