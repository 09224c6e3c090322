package wshar

import "encoding/json"

// file is a HAR file. What HAR 1.2 requires has no omitempty.
type file struct {
	Log log `json:"log"`
}

type log struct {
	Version string  `json:"version"`
	Creator Creator `json:"creator"`
	Entries []entry `json:"entries"`
}

type entry struct {
	ResourceType string    `json:"_resourceType,omitempty"`
	Messages     []message `json:"_webSocketMessages"`
	Started      string    `json:"startedDateTime"`
	Time         float64   `json:"time"` // ms
	Request      request   `json:"request"`
	Response     response  `json:"response"`
	Cache        struct{}  `json:"cache"`
	Timings      timings   `json:"timings"`
	ServerAddr   string    `json:"serverIPAddress,omitempty"`
}

// message is the form of DevTools. Absent fields are told from zero ones.
type message struct {
	Type   Kind         `json:"type"`
	Time   *json.Number `json:"time"` // seconds since 1970
	Opcode *int         `json:"opcode"`
	Data   *string      `json:"data"`
}

type request struct {
	Method      string  `json:"method"`
	URL         string  `json:"url"`
	HTTPVersion string  `json:"httpVersion"`
	Headers     []Field `json:"headers"`
	QueryString []Field `json:"queryString"`
	Cookies     []Field `json:"cookies"`
	HeadersSize int     `json:"headersSize"`
	BodySize    int     `json:"bodySize"`
}

type response struct {
	Status      int     `json:"status"`
	StatusText  string  `json:"statusText"`
	HTTPVersion string  `json:"httpVersion"`
	Headers     []Field `json:"headers"`
	Cookies     []Field `json:"cookies"`
	Content     content `json:"content"`
	RedirectURL string  `json:"redirectURL"`
	HeadersSize int     `json:"headersSize"`
	BodySize    int     `json:"bodySize"`
}

type content struct {
	Size     int    `json:"size"`
	MimeType string `json:"mimeType"`
}

// timings are in ms; -1 means that it does not apply.
type timings struct {
	Blocked float64 `json:"blocked"`
	DNS     float64 `json:"dns"`
	Connect float64 `json:"connect"`
	SSL     float64 `json:"ssl"`
	Send    float64 `json:"send"`
	Wait    float64 `json:"wait"`
	Receive float64 `json:"receive"`
}
