// Makes or removes the folder of a volume: what local-path-provisioner's helper pods run.
package main

import (
	"flag"
	"log"
	"os"
)

func main() {
	path := flag.String("p", "", "the volume's folder")
	action := flag.String("a", "", "create or delete")
	flag.String("s", "", "bytes asked for; folders have no size")
	flag.String("m", "", "Filesystem or Block")
	flag.Parse()
	var failed error
	switch *action {
	case "create":
		// Whoever the pod runs as may write: a pod without fsGroup has no other way in.
		if failed = os.MkdirAll(*path, 0o777); failed == nil {
			failed = os.Chmod(*path, 0o777)
		}
	case "delete":
		failed = os.RemoveAll(*path)
	default:
		log.Fatalf("-a is create or delete, not %q", *action)
	}
	if failed != nil {
		log.Fatal(failed)
	}
}
