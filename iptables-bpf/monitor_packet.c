// SPDX-License-Identifier: GPL-2.0-or-later
/* The headers of a traced packet, as xtables-monitor shows them. They may be
 * cut off anywhere. */
#include "iptables-bpf/monitor.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

/* TCP and UDP begin alike: two ports. */
#define PORTS_LEN 4

static void print_interface(const char *label, const struct nftnl_trace *t,
			    uint16_t attr)
{
	char name[IF_NAMESIZE];
	uint32_t index;

	if (!nftnl_trace_is_set(t, attr))
		return;
	index = nftnl_trace_get_u32(t, attr);
	if (if_indextoname(index, name))
		printf("%s=%s ", label, name);
	else
		printf("%s=%" PRIu32 " ", label, index);
}

static void print_bytes(const unsigned char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		printf("%02x", data[i]);
}

static void print_ethernet(const struct ether_header *eh)
{
	printf("MACSRC=%s ", ether_ntoa((const void *)eh->ether_shost));
	printf("MACDST=%s ", ether_ntoa((const void *)eh->ether_dhost));
	printf("MACPROTO=%04x ", ntohs(eh->ether_type));
}

static void print_link(const struct nftnl_trace *t)
{
	uint16_t type = nftnl_trace_get_u16(t, NFTNL_TRACE_IIFTYPE);
	uint32_t len;
	const unsigned char *data =
		nftnl_trace_get_data(t, NFTNL_TRACE_LL_HEADER, &len);

	if (type == ARPHRD_LOOPBACK) {
		fputs("LOOPBACK ", stdout);
	} else if (type != ARPHRD_ETHER) {
		printf("LL=0x%x ", type);
		print_bytes(data, len);
		putchar(' ');
	} else if (len >= sizeof(struct ether_header)) {
		print_ethernet((const void *)data);
	}
}

static void print_fragment(uint16_t off)
{
	if (off & IP_RF)
		fputs("CE ", stdout);
	if (off & IP_DF)
		fputs("DF ", stdout);
	if (off & IP_MF)
		fputs("MF ", stdout);
	if (off & IP_OFFMASK)
		printf("FRAG:%u ", off & IP_OFFMASK);
}

static void print_options(const unsigned char *data, size_t len)
{
	fputs("OPT (", stdout);
	for (size_t i = 0; i < len; i++)
		printf("%02X", data[i]);
	fputs(") ", stdout);
}

/* Each returns the transport protocol, 0 when there is no telling. */
static uint8_t print_ipv4(const unsigned char *data, uint32_t len)
{
	const struct iphdr *ip = (const void *)data;
	char src[INET_ADDRSTRLEN], dst[INET_ADDRSTRLEN];
	size_t header;

	if (len < sizeof(*ip))
		return 0;
	printf("SRC=%s DST=%s ",
	       inet_ntop(AF_INET, &ip->saddr, src, sizeof(src)),
	       inet_ntop(AF_INET, &ip->daddr, dst, sizeof(dst)));
	printf("LEN=%d TOS=0x%x TTL=%d ID=%d ", ntohs(ip->tot_len), ip->tos,
	       ip->ttl, ntohs(ip->id));
	print_fragment(ntohs(ip->frag_off));
	header = ip->ihl * 4u;
	header = header < len ? header : len;
	if (header > sizeof(*ip))
		print_options(data + sizeof(*ip), header - sizeof(*ip));
	return ip->protocol;
}

static uint8_t print_ipv6(const unsigned char *data, uint32_t len)
{
	const struct ip6_hdr *ip6 = (const void *)data;
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];
	uint32_t flow;

	if (len < sizeof(*ip6))
		return 0;
	flow = ntohl(ip6->ip6_flow);
	printf("SRC=%s DST=%s ",
	       inet_ntop(AF_INET6, &ip6->ip6_src, src, sizeof(src)),
	       inet_ntop(AF_INET6, &ip6->ip6_dst, dst, sizeof(dst)));
	/* LEN: as stock computes it, with the size of an IPv4 header. */
	printf("LEN=%zu TC=%u HOPLIMIT=%u FLOWLBL=%u ",
	       ntohs(ip6->ip6_plen) + sizeof(struct iphdr), flow >> 20 & 0xff,
	       ip6->ip6_hops, flow & 0xfffff);
	return ip6->ip6_nxt;
}

static uint8_t print_network(const struct nftnl_trace *t, uint32_t nfproto)
{
	uint32_t len;
	const unsigned char *data =
		nftnl_trace_get_data(t, NFTNL_TRACE_NETWORK_HEADER, &len);

	switch (nfproto) {
	case AF_INET:
		return print_ipv4(data, len);
	case AF_INET6:
		return print_ipv6(data, len);
	default:
		fputs("NH=", stdout);
		print_bytes(data, len);
		putchar(' ');
		return 0;
	}
}

static void print_flags(const struct tcphdr *tcp)
{
	static const struct {
		uint8_t bit;
		const char *name;
	} flags[] = {
		{TH_SYN, "SYN "}, {TH_ACK, "ACK "},  {TH_FIN, "FIN "},
		{TH_RST, "RST "}, {TH_PUSH, "PSH "}, {TH_URG, "URG "},
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (tcp->th_flags & flags[i].bit)
			fputs(flags[i].name, stdout);
}

static void print_transport(const struct nftnl_trace *t, uint8_t proto)
{
	uint32_t len;
	const struct tcphdr *tcp =
		nftnl_trace_get_data(t, NFTNL_TRACE_TRANSPORT_HEADER, &len);
	uint32_t need = PORTS_LEN;

	switch (proto) {
	case IPPROTO_TCP:
		need = sizeof(*tcp);
		break;
	case IPPROTO_DCCP:
	case IPPROTO_SCTP:
	case IPPROTO_UDPLITE:
	case IPPROTO_UDP:
		break;
	default:
		return;
	}
	if (len < need)
		return;
	printf("SPORT=%d DPORT=%d ", ntohs(tcp->th_sport),
	       ntohs(tcp->th_dport));
	if (proto == IPPROTO_TCP)
		print_flags(tcp);
}

void monitor_packet(const struct nftnl_trace *t)
{
	uint32_t family = nftnl_trace_get_u32(t, NFTNL_TRACE_FAMILY);
	uint32_t nfproto = family, mark;
	uint8_t proto = 0;

	printf("PACKET: %" PRIu32 " %08" PRIx32 " ", family,
	       nftnl_trace_get_u32(t, NFTNL_TRACE_ID));
	print_interface("IN", t, NFTNL_TRACE_IIF);
	print_interface("OUT", t, NFTNL_TRACE_OIF);
	if (nftnl_trace_is_set(t, NFTNL_TRACE_NFPROTO))
		nfproto = nftnl_trace_get_u32(t, NFTNL_TRACE_NFPROTO);
	if (nfproto != family)
		printf("NFPROTO=%" PRIu32 " ", nfproto);
	if (nftnl_trace_is_set(t, NFTNL_TRACE_LL_HEADER))
		print_link(t);
	if (nftnl_trace_is_set(t, NFTNL_TRACE_NETWORK_HEADER))
		proto = print_network(t, nfproto);
	if (nftnl_trace_is_set(t, NFTNL_TRACE_TRANSPORT_HEADER))
		print_transport(t, proto);
	mark = nftnl_trace_get_u32(t, NFTNL_TRACE_MARK);
	if (mark)
		printf("MARK=0x%" PRIx32 " ", mark);
	putchar('\n');
}
