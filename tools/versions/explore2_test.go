package versions
import ("testing";"fmt";"time")
func TestServeOnly(t *testing.T){ s:=newSite(t,true); fmt.Println(s.URL); time.Sleep(12*time.Second) ; s.mu.Lock(); fmt.Println(s.page,s.conns)}
