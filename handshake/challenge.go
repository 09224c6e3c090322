package handshake

// AuthSchemes returns the names of the authentication schemes in the values of
// WWW-Authenticate or Proxy-Authenticate fields, as spelled there, each once
// (RFC 9110 section 11.6.1). What does not parse is skipped.
func AuthSchemes(values []string) []string {
	var all []string
	for _, v := range values {
		for v != "" {
			var e string
			e, v = cutChallenge(v)
			if s := schemeOf(e); s != "" && !HasToken(all, s) {
				all = append(all, s)
			}
		}
	}
	return all
}

// cutChallenge cuts list at the first comma outside a quoted-string.
func cutChallenge(list string) (element, rest string) {
	quoted := false
	for i := 0; i < len(list); i++ {
		switch c := list[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && c == ',':
			return list[:i], list[i+1:]
		}
	}
	return list, ""
}

// schemeOf returns the scheme with which an element of the list begins, "" for
// a further parameter of the challenge before: a scheme is a token that no "="
// follows.
func schemeOf(element string) string {
	element = trimSpace(element)
	end := 0
	for end < len(element) && tokenByte(element[end]) {
		end++
	}
	rest := element[end:]
	if rest == "" {
		return element
	}
	if after := trimSpace(rest); after == rest || after[0] == '=' {
		return ""
	}
	return element[:end]
}
