package chrome

import (
	"io/fs"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"testing"
)

// Serve serves a folder on a port of 127.0.0.1 until the test ends, with header
// in every answer, and returns the URL without a slash at its end.
func Serve(t testing.TB, folder string, header http.Header) (url string) {
	s := httptest.NewServer(Files(os.DirFS(folder), header))
	t.Cleanup(s.Close)
	return s.URL
}

// Files is a handler that serves files with header in every answer, for servers
// that need more than Serve offers, such as TLS.
func Files(files fs.FS, header http.Header) http.Handler {
	h := http.FileServerFS(files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The machine's own table may lack wasm, which a browser compiles as it
		// streams in only under its right type.
		if path.Ext(r.URL.Path) == ".wasm" {
			w.Header().Set("Content-Type", "application/wasm")
		} else if t := mime.TypeByExtension(path.Ext(r.URL.Path)); t != "" {
			w.Header().Set("Content-Type", t)
		}
		maps.Copy(w.Header(), header)
		h.ServeHTTP(w, r)
	})
}
