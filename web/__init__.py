"""The one public door: chat gateway and widget, demo shop pages, staff console, insights."""
