// Command coredns is CoreDNS with the plugins that the sandbox's Corefile names, and no others: its own main brings
// those of every cloud, which takes four times as long to build.
package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/loop"
	_ "github.com/coredns/coredns/plugin/ready"
)

func main() {
	// The order in which plugins see a question, whatever the Corefile's.
	dnsserver.Directives = []string{"ready", "errors", "loop", "kubernetes"}
	coremain.Run()
}
