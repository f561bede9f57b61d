package main

import "github.com/spf13/cobra"

func cacheCommand() *cobra.Command {
	return &cobra.Command{Use: "cache", Short: "Look at the compiled-program cache", Hidden: true}
}
