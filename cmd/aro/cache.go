//go:build !runtime

package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"aro/pkg/bytecode/cache"
)

func cacheCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cache",
		Short: "Show or empty the cache of compiled programs",
		Long: "run keeps compiled programs and starts from them when nothing changed. The cache is in\n" +
			"ARO_CACHE_DIR, or in the user's cache folder. Emptying it costs nothing but the next compilation.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		&cobra.Command{
			Use: "info", Short: "Show where the cache is and what it holds",
			Long:    "info prints the folder of the cache, how many programs it keeps, and their bytes. If the folder\ncannot be used, it says why; run then compiles anew each time.",
			Example: "  aro cache info\n  ARO_CACHE_DIR=/var/cache/aro aro cache info", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				info := cache.Open("").Info()
				out := cmd.OutOrStdout()
				fmt.Fprintf(out, "folder:   %s\nprograms: %d\nbytes:    %d\n", info.Dir, info.Entries, info.Bytes)
				if info.Ignored != nil {
					fmt.Fprintf(out, "not used: %s\n", info.Ignored)
				}
				return nil
			},
		},
		&cobra.Command{
			Use: "clean", Short: "Remove all compiled programs",
			Long:    "clean empties the cache and says what it removed. Nothing else is lost: the next run compiles.",
			Example: "  aro cache clean\n  ARO_CACHE_DIR=/var/cache/aro aro cache clean", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				c := cache.Open("")
				before := c.Info()
				if err := c.Clean(); err != nil {
					return &exitError{1, "Error: the cache cannot be emptied: " + err.Error()}
				}
				fmt.Fprintf(cmd.OutOrStdout(), "removed %d program(s), %d bytes\n", before.Entries, before.Bytes)
				return nil
			},
		},
	)
	return cmd
}
