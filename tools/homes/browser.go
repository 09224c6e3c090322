package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// browser is a program that opens a URL given on its command line.
type browser struct {
	version func() (string, error)
	// command returns the command that opens p, with its profile in an empty
	// folder.
	command func(folder string, p address) (*exec.Cmd, error)
}

// address is what a browser is to open, and whether it tells the page that its
// user prefers dark colours (prefers-color-scheme).
type address struct {
	url  string
	dark bool
}

var browsers = map[string]browser{
	"firefox":  {version: firefoxVersion, command: firefox},
	"webkit":   {version: webkitVersion, command: webkit},
	"chromium": {version: chromiumVersion, command: chromium},
}

// firefoxPrefs turn off Firefox's own network traffic, and the dialogs of a new
// profile. delay-failed-reconnects is the growing delay of connections after
// failed ones: many tests make connections that fail.
const firefoxPrefs = `
user_pref("app.normandy.enabled", false);
user_pref("app.update.enabled", false);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("browser.safebrowsing.malware.enabled", false);
user_pref("browser.safebrowsing.phishing.enabled", false);
user_pref("browser.search.update", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.homepage_override.mstone", "ignore");
user_pref("datareporting.healthreport.uploadEnabled", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("dom.max_script_run_time", 0);
user_pref("extensions.getAddons.cache.enabled", false);
user_pref("extensions.systemAddon.update.enabled", false);
user_pref("extensions.update.enabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("network.dns.disablePrefetch", true);
user_pref("network.websocket.delay-failed-reconnects", false);
user_pref("services.settings.server", "http://127.0.0.1:9/");
user_pref("toolkit.telemetry.enabled", false);
user_pref("toolkit.telemetry.unified", false);
`

// firefoxDark makes pages and the browser itself dark.
const firefoxDark = `
user_pref("layout.css.prefers-color-scheme.content-override", 0);
user_pref("ui.systemUsesDarkTheme", 1);
`

func firefox(folder string, p address) (*exec.Cmd, error) {
	path, err := look("firefox-esr", "firefox")
	if err != nil {
		return nil, err
	}
	prefs := firefoxPrefs
	if p.dark {
		prefs += firefoxDark
	}
	if err := os.WriteFile(filepath.Join(folder, "user.js"), []byte(prefs), 0o600); err != nil {
		return nil, err
	}
	if err := trustInFirefox(folder, p.url); err != nil {
		return nil, err
	}
	cmd := exec.Command(path, "--headless", "--no-remote", "--profile", folder, p.url)
	cmd.Env = append(os.Environ(), "MOZ_CRASHREPORTER_DISABLE=1")
	return cmd, nil
}

func firefoxVersion() (string, error) {
	path, err := look("firefox-esr", "firefox")
	if err != nil {
		return "", err
	}
	return versionOf(path, "--version")
}

// webkit is the browser that comes with WebKitGTK, on a virtual screen. Its
// sandbox does not start as root in a container.
func webkit(folder string, p address) (*exec.Cmd, error) {
	path, err := miniBrowser()
	if err != nil {
		return nil, err
	}
	screen, err := look("xvfb-run")
	if err != nil {
		return nil, err
	}
	args := []string{"-a", path, "--private"}
	if os.Getenv(trustVariable) != "" {
		args = append(args, "--ignore-tls-errors")
	}
	cmd := exec.Command(screen, append(args, p.url)...)
	cmd.Env = append(os.Environ(), "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS=1", "GDK_BACKEND=x11", "HOME="+folder,
		"XDG_CACHE_HOME="+folder, "XDG_DATA_HOME="+folder, "XDG_CONFIG_HOME="+folder)
	if p.dark {
		cmd.Env = append(cmd.Env, "GTK_THEME=Adwaita:dark")
	}
	return cmd, nil
}

// miniBrowser returns the path of MiniBrowser, which is not on the PATH but in
// the library's folder.
func miniBrowser() (string, error) {
	for _, pattern := range []string{"/usr/lib/*/webkit2gtk-4.1/MiniBrowser", "/usr/libexec/webkit2gtk-4.1/MiniBrowser", "/usr/lib*/webkit2gtk-4.1/MiniBrowser"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return found[0], nil
		}
	}
	return "", missing("MiniBrowser of webkit2gtk-4.1")
}

func webkitVersion() (string, error) {
	path, err := miniBrowser()
	if err != nil {
		return "", err
	}
	screen, err := look("xvfb-run")
	if err != nil {
		return "", err
	}
	return versionOf(screen, "-a", path, "--version")
}

func chromium(folder string, p address) (*exec.Cmd, error) {
	path, err := look("chromium", "chromium-browser", "google-chrome", "chrome")
	if err != nil {
		return nil, err
	}
	args := []string{"--headless=new", "--no-sandbox", "--no-first-run", "--disable-gpu", "--disable-background-networking",
		"--disable-dev-shm-usage", "--user-data-dir=" + folder}
	if p.dark {
		args = append(args, "--blink-settings=preferredColorScheme=0")
	}
	trust, err := trustInChromium()
	if err != nil {
		return nil, err
	}
	args = append(append(args, trust...), strings.Fields(os.Getenv("WS_CHROMIUM_FLAGS"))...)
	return exec.Command(path, append(args, p.url)...), nil
}

func chromiumVersion() (string, error) {
	path, err := look("chromium", "chromium-browser", "google-chrome", "chrome")
	if err != nil {
		return "", err
	}
	return versionOf(path, "--version")
}

// look returns the path of the first of names that is on the PATH.
func look(names ...string) (string, error) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", missing(names[0])
}

func missing(what string) error {
	return fmt.Errorf("%s is not installed: run scripts/need.sh homes, or set WS_NO_HOMES=1 to test without", what)
}

// open shows p until ctx ends, and fails if the browser ends before.
func open(ctx context.Context, b browser, p address) error {
	folder, err := os.MkdirTemp("", "homes")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	cmd, err := b.command(folder, p)
	if err != nil {
		return err
	}
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(cmd.Env, "TMPDIR="+folder) // xvfb-run, interrupted, leaves a folder there
	running, err := begin(cmd)
	if err != nil {
		return err
	}
	defer running.end()
	select {
	case <-ctx.Done():
		return nil
	case err := <-running.done:
		running.done <- err
		return fmt.Errorf("the browser ended: %w\n%s", cmpErr(err), running.output.tail())
	}
}

// cmpErr returns err, or an error for a program that ended without one.
func cmpErr(err error) error {
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}
